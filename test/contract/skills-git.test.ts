import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, suite, test } from "node:test";
import { skillReach } from "../../src/main/skills.ts";
import { openRepository } from "../../src/sandbox/git/repository.ts";
import { allowing } from "../../src/sandbox/guard/allowance.ts";
import { findAgain, findSource, type FoundSkill, type Reading } from "../../src/skills/sources/index.ts";
import { type GitServer, gitServer } from "../doubles/git-server.ts";
import { skillText } from "../doubles/skills.ts";

const places = { shipped: "/nonexistent", githubUrl: "http://127.0.0.1:1", githubToken: null, hubUrl: null };

suite("skills from any git server", () => {
  let server: GitServer;
  let commit = "";
  before(async () => {
    server = await gitServer();
    commit = await server.repository("tools", {
      "README.md": "Tools",
      "skills/lint/SKILL.md": skillText("lint"),
      "skills/lint/scripts/lint.sh": "x #!/bin/sh\necho lint\n",
      "skills/lint/.gitattributes": "*.sh filter=evil\n",
      "other/SKILL.md": skillText("other"),
    });
    await server.repository("odd", {
      "linked/SKILL.md": skillText("linked"),
      "linked/notes.md": "-> /etc/passwd",
      "large/SKILL.md": skillText("large"),
      "large/data.txt": "0123456789".repeat(450_000),
      "lfs/SKILL.md": skillText("lfs"),
      "lfs/data.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
    });
  });
  after(() => server[Symbol.asyncDispose]());

  const reading = (over: Partial<Reading> = {}, path?: string): Reading => {
    const { fetch, repository } = skillReach(["127.0.0.1"], path);
    return { places, fetch, repository, signal: AbortSignal.timeout(60_000), local: false, ...over };
  };
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("hermes-git-") && !name.includes("server"));

  test("smart or plain files, a branch or tag, with or without .git: the skill alone, with its commit, and nothing is left", async () => {
    const before = await left();
    for (const [source, name, from] of [
      [`${server.url}/smart/tools.git#skills/lint`, "lint", `${server.url}/smart/tools.git#skills/lint`],
      [`${server.url}/smart/tools.git@v1#other`, "other", `${server.url}/smart/tools.git@v1#other`],
      [`git+${server.url}/smart/tools.git@main#lint`, "lint", `${server.url}/smart/tools.git@main#lint`],
      [`${server.url}/dumb/tools.git#lint`, "lint", `${server.url}/dumb/tools.git#lint`],
    ] as const) {
      const found: FoundSkill = await findSource(reading(), source);
      assert.equal(found.bundle.meta.name, name, source);
      assert.deepEqual(found.origin, { type: "git", from, revision: commit }, source);
    }
    const from = `git+${server.url}/smart/tools.git@main#lint`;
    const again = await findAgain(reading(), { type: "git", from, revision: null });
    const files = again?.bundle.files.map(({ path, executable }) => [path, executable]);
    assert.deepEqual(files, [
      [".gitattributes", false],
      ["SKILL.md", false],
      ["scripts/lint.sh", true],
    ]);
    assert.deepEqual(await left(), before);
  });

  test("what can't be had is said, and nothing is left", async () => {
    const before = await left();
    for (const [source, why] of [
      [`${server.url}/smart/tools.git`, /2 skills in it; say which: other, skills\/lint/],
      [`${server.url}/smart/tools.git@v9#lint`, /no branch or tag "v9"/],
      [`${server.url}/smart/none.git`, /no repository there/],
      [`${server.url}/private/tools.git#lint`, /private, or there is none\. Nobody is asked for a password/],
      [`${server.url}/smart/odd.git#linked`, /notes\.md is a link/],
      [`${server.url}/smart/odd.git#large`, /MB is the most for a skill/],
      [`${server.url}/smart/odd.git#lfs`, /kept in Git LFS/],
      ["https://10.0.0.1/x.git", /private network/],
      ["ssh://git@example.com/x.git", /over https alone/],
      ["git@example.com:x/y.git", /over https alone/],
      ["git://example.com/x.git", /over https alone/],
    ] as const)
      await assert.rejects(findSource(reading(), source), why, source);
    server.asked.length = 0;
    await assert.rejects(findSource(reading(), `${server.url}/moved/tools.git#lint`), /sends on to another address/);
    assert.deepEqual(
      server.asked.filter((path) => !path.includes("/archive/")),
      ["/moved/tools.git/info/refs?service=git-upload-pack"],
    );
    assert.deepEqual(await left(), before);
  });

  test("git dials the addresses that were checked, whatever the name says now; without encryption only in one's own network", async () => {
    const options = (answers: readonly string[], allowed: readonly string[]) => {
      const allowance = allowing(allowed);
      const signal = AbortSignal.timeout(60_000);
      return { allowance, signal, path: process.env["PATH"] ?? "", resolve: async () => answers };
    };
    const url = `http://skills.invalid:${server.port}/smart/tools.git`;
    await using repository = await openRepository(url, "", options(["127.0.0.1"], ["skills.invalid"]));
    assert.equal(repository.revision, commit);
    await assert.rejects(openRepository(url, "", options(["127.0.0.1"], [])), /private network/);
    await assert.rejects(openRepository(url, "", options(["93.184.216.34", "127.0.0.1"], [])), /private network/);
    await assert.rejects(openRepository(url, "", options(["93.184.216.34"], [])), /over https alone/);
  });

  test("too large, too slow or without git: it ends, and says so", async () => {
    const before = await left();
    const allowance = allowing(["127.0.0.1"]);
    const path = process.env["PATH"] ?? "";
    const within = { allowance, path, signal: AbortSignal.timeout(60_000), most: 5_000 };
    await assert.rejects(openRepository(`${server.url}/smart/odd.git`, "", within), /more than 5 KB/);
    const control = new AbortController();
    server.onHang = () => control.abort(new Error("that took too long"));
    const hanging = { allowance, path, signal: control.signal };
    await assert.rejects(openRepository(`${server.url}/hangs/x.git`, "", hanging), /took too long/);
    await assert.rejects(
      findSource(reading({}, "/nonexistent"), `${server.url}/smart/tools.git#lint`),
      /needs the program git, and the machine I run on has none\. Install git there/,
    );
    assert.deepEqual(await left(), before);
  });
});
