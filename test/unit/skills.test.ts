import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { bundleOf } from "../../src/skills/bundle.ts";
import { changesOf } from "../../src/skills/changes.ts";
import { readFolder, skillFolders } from "../../src/skills/folder.ts";
import { readSkillText } from "../../src/skills/front-matter.ts";
import { skillsBlock } from "../../src/skills/listing.ts";
import { nameFault, plainPath, skillLimits } from "../../src/skills/names.ts";
import { whyNotOffered } from "../../src/skills/offered.ts";
import { readTar } from "../../src/skills/tar.ts";
import { readZip } from "../../src/skills/zip.ts";
import { toolSpecs, tools } from "../../src/tools/index.ts";
import { filesOf, skillText, tarOf, zipOf } from "../doubles/skills.ts";

suite("SKILL.md", () => {
  test("the original's front matter is read as it is written", () => {
    const { meta, body } = readSkillText(`---
name: deploy-site
description: Deploy: build, check, switch over
version: 1.2
author: Ann
platforms: [linux, macos]
required_environment_variables:
  - DEPLOY_KEY
  - name: SITE
    prompt: which site
metadata:
  hermes:
    tags: [web, deploy]
    category: operations
    requires_toolsets: [terminal]
    fallback_for_tools: web_search
---
# Deploy
Look first.
`);
    assert.equal(meta.name, "deploy-site");
    assert.equal(meta.description, "Deploy: build, check, switch over");
    assert.equal(meta.version, "1.2");
    assert.deepEqual(meta.platforms, ["linux", "macos"]);
    assert.deepEqual(meta.variables, [
      { name: "DEPLOY_KEY", about: "" },
      { name: "SITE", about: "which site" },
    ]);
    assert.deepEqual(meta.conditions.requiresToolsets, ["terminal"]);
    assert.deepEqual(meta.conditions.fallbackForTools, ["web_search"]);
    assert.equal(body, "# Deploy\nLook first.");
  });

  for (const [what, text, why] of [
    ["no head", "# Deploy\n", /must begin with front matter/],
    ["no YAML", '---\nname: a\ndescription: "d\n---\nx\n', /no YAML/],
    ["a heap of aliases", "---\nname: a\ndescription: &a [x]\nb: [*a, *a]\n---\nx\n", /alias/i],
    ["an alias of itself", "---\nname: a\ndescription: d\nb: &b [*b]\n---\nx\n", /alias/i],
    ["no description", "---\nname: a\n---\nx\n", /no description/],
    ["a description that is a list", "---\nname: a\ndescription: [x]\n---\nx\n", /put it in quotes/],
    ["nothing below", "---\nname: a\ndescription: d\n---\n\n", /nothing below/],
    [
      "a variable with more in its name",
      "---\nname: a\ndescription: d\nrequired_environment_variables: ['A; rm -rf /']\n---\nx\n",
      /variable/,
    ],
  ] as const)
    test(`${what} is said to its author`, () => assert.throws(() => readSkillText(text), why));

  test("hostile names are names of nothing", () => {
    for (const name of [
      "../x",
      "a/b",
      "A",
      "a b",
      "",
      "-a",
      "a-",
      "a\u0000",
      "a\nb",
      "a".repeat(65),
      "con",
      "ａ",
      "$(x)",
      ".a",
      "аdmin",
    ])
      assert.notEqual(nameFault(name), null, JSON.stringify(name));
    for (const name of ["k8s", "a", "daily-report", "x_y9"]) assert.equal(nameFault(name), null, name);
  });

  test("a description can't begin a line of its own in the prompt", () => {
    const { meta } = readSkillText('---\nname: a\ndescription: "one\\n- k8s: other\\u2028x"\n---\nx\n');
    assert.equal(meta.description, "one - k8s: other x");
  });
});

suite("a skill's files", () => {
  test("paths that lead elsewhere or could be misread are refused, whatever they are made of", () => {
    for (const path of [
      "../x",
      "a/../../x",
      "/etc/passwd",
      "a\\..\\x",
      "C:/x",
      "a/\u0000b",
      "con",
      "a/NUL.txt",
      "a.",
      "x\u202ey",
      "a/b/c/d/e/f/g",
      "x".repeat(201),
      "$(id)",
      "a`b",
      "",
      ".",
    ])
      assert.throws(() => plainPath(path), JSON.stringify(path));
    const pieces = ["..", "/", ".", "a", "\\", "\0", "é", "\u202e", " ", "$(x)", "\n", "con", "SKILL.md", "~", "-", "C:"];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join("")),
        (path) => {
          let plain: string;
          try {
            plain = plainPath(path);
          } catch {
            return;
          }
          assert.ok(
            !plain.startsWith("/") && !plain.split("/").includes("..") && !/[\\\0\n$`'"]/.test(plain),
            JSON.stringify(path),
          );
          assert.equal(plainPath(plain), plain);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("too many, too large, twice the same, or a file in a file: none of it is a skill", () => {
    const main = { "SKILL.md": skillText("a") };
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`references/${at}.md`, "x"]));
    assert.throws(() => bundleOf(filesOf({ ...main, ...many })), /at most 200/);
    assert.throws(
      () => bundleOf(filesOf({ ...main, "a.bin": "x".repeat(skillLimits.fileBytes + 1) })),
      /is the most for one file/,
    );
    assert.throws(() => bundleOf(filesOf({ "SKILL.md": skillText("a", "x".repeat(70_000)) })), /SKILL\.md has/);
    assert.throws(() => bundleOf(filesOf({ ...main, "skill.MD": "x" })), /two files/);
    assert.throws(() => bundleOf(filesOf({ ...main, x: "1", "x/y": "2" })), /is a file/);
    assert.throws(() => bundleOf(filesOf({ "README.md": "x" })), /no SKILL\.md/);
  });

  test("the hash tells every change of names, contents and rights, and nothing else", () => {
    const base = filesOf({ "SKILL.md": skillText("a"), "x.sh": "1" });
    const { hash } = bundleOf(base);
    assert.equal(bundleOf([...base].reverse()).hash, hash);
    assert.notEqual(bundleOf(base.map((file) => ({ ...file, executable: file.path === "x.sh" }))).hash, hash);
    assert.notEqual(bundleOf(filesOf({ "SKILL.md": skillText("a"), "x.sh": "2" })).hash, hash);
    assert.notEqual(bundleOf(filesOf({ "SKILL.md": skillText("a"), "y.sh": "1" })).hash, hash);
  });

  test("a tar gives its files, and none of its links, devices or lies", async () => {
    const files = await readTar(
      tarOf([
        { path: "top/", type: "5" },
        { path: "top/SKILL.md", data: skillText("a") },
        { path: "top/passwd", type: "2", link: "/etc/passwd" },
        { path: "top/hard", type: "1", link: "/etc/shadow" },
        { path: "top/dev", type: "3" },
        { path: "x", type: "x", data: "32 path=top/a-very-long-name.md\n" },
        { path: "short", data: "long" },
      ]),
    );
    assert.deepEqual(
      files.map(({ path }) => path),
      ["top/SKILL.md", "top/a-very-long-name.md"],
    );
    await assert.rejects(readTar(tarOf([{ path: "a", data: "x", size: 8 * 1024 ** 3 - 1 }])), /ends in the middle/);
    await assert.rejects(readTar(Buffer.from([0x1f, 0x8b, 1, 2, 3])), /can't be unpacked/);
  });

  test("a zip gives its files within the limits, bombs and links left out", async () => {
    const good = await readZip(
      zipOf([
        { path: "SKILL.md", data: skillText("a") },
        { path: "l", data: "/etc/passwd", type: "2" },
      ]),
    );
    assert.deepEqual(
      good.map(({ path }) => path),
      ["SKILL.md"],
    );
    await assert.rejects(readZip(zipOf([{ path: "b", data: Buffer.alloc(skillLimits.fileBytes * 3) }])), /larger than a skill/);
    await assert.rejects(
      readZip(zipOf(Array.from({ length: 300 }, (_, at) => ({ path: `f${at}`, data: "x" })))),
      /more than 200/,
    );
    await assert.rejects(readZip(zipOf([{ path: "a", data: "x" }]).subarray(20)), /no zip|broken/);
    await assert.rejects(readZip(Buffer.from("PK\u0003\u0004 nothing")), /no zip/);
  });

  test("a folder is read without its links, and a home is looked through some levels deep", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "hermes-skills-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "ops", "one"), { recursive: true });
    await writeFile(join(folder, "ops", "one", "SKILL.md"), skillText("one"));
    await writeFile(join(folder, "secret"), "s");
    await symlink(join(folder, "secret"), join(folder, "ops", "one", "link"));
    await symlink(folder, join(folder, "ops", "one", "loop"));
    assert.deepEqual(await skillFolders(folder), [join(folder, "ops", "one")]);
    assert.deepEqual(
      (await readFolder(join(folder, "ops", "one"))).map(({ path }) => path),
      ["SKILL.md"],
    );
  });

  test("what changed is told line by line", () => {
    const [before, after] = ["a\nb\nc\nd\n", "a\nx\nc\nd\ne\n"].map((text) => filesOf({ "SKILL.md": text }));
    assert.equal(changesOf(before ?? [], after ?? []), "*** SKILL.md\n@@ line 2\n-b\n+x\n@@ line 5\n+e");
    assert.equal(changesOf(before ?? [], [...(before ?? []), ...filesOf({ n: "1" })]), "+++ n (new)\n@@ line 1\n+1");
  });
});

suite("skills in the prompt", () => {
  test("the list has its cap, in every script, and names all that fit", () => {
    const some = [{ name: "k8s", description: "Mend workloads" }];
    assert.match(skillsBlock(some) ?? "", /\n- k8s: Mend workloads$/);
    assert.equal(skillsBlock([]), null);
    for (const words of [
      "Find out why a workload is unwell and mend it, then report",
      "查明工作负载为何不正常并修复，然后写一份报告给负责人",
      "📊🧨🦑".repeat(20),
    ]) {
      const many = Array.from({ length: 200 }, (_, at) => ({ name: `skill-number-${at}`, description: words }));
      for (const count of [5, 12, 40, 200]) {
        const block = skillsBlock(many.slice(0, count)) ?? "";
        assert.ok(encode(block).length <= 280, `${count}: ${encode(block).length}`);
        assert.match(block, /skill-number-0/);
      }
      assert.match(skillsBlock(many) ?? "", /… and \d+ more/);
    }
  });

  test("both tools take at most 105 tokens", () => {
    const specs = toolSpecs(
      tools.filter(({ toolset }) => toolset === "skills"),
      "",
    ).map((each) => ({ type: "function", function: each }));
    assert.deepEqual(
      specs.map((each) => each.function.name),
      ["skill_manage", "skill_view"],
    );
    assert.ok(encode(JSON.stringify(specs).slice(1, -1)).length <= 105);
  });

  test("a skill is offered where its conditions hold", () => {
    const has = { toolsets: new Set(["terminal"]), tools: new Set(["terminal", "skill_view"]), platform: "linux" };
    const entry = (head: string) => ({ meta: readSkillText(skillText("a", "x", head)).meta });
    const why = (head: string) => whyNotOffered(entry(head), has);
    assert.equal(why(""), null);
    assert.match(why("platforms: [macos]\n") ?? "", /is for macos/);
    assert.equal(why("platforms: [linux]\n"), null);
    const hermes = (line: string) => `metadata: {hermes: {${line}}}\n`;
    assert.match(why(hermes("requires_toolsets: [web]")) ?? "", /needs web/);
    assert.equal(why(hermes("requires_tools: [terminal]")), null);
    assert.match(why(hermes("fallback_for_toolsets: [terminal]")) ?? "", /stands in/);
    assert.equal(why(hermes("fallback_for_toolsets: [web]")), null);
  });
});
