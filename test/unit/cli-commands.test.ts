import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { hermes } from "../../src/cli/hermes.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";

async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-cli-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

async function run(
  home: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const status = await hermes(args, {
    env: { HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { status, out, err };
}

test("help lists every command, and each command's own help says what it is for", async (t) => {
  const home = await temporaryHome(t);
  const help = await run(home, ["--help"]);
  assert.equal(help.status, 0);
  for (const { name, summary } of commands) {
    assert.ok(help.out.includes(name) && help.out.includes(summary.slice(0, 30)), name);
    const own = await run(home, [name, "--help"]);
    assert.equal(own.status, 0);
    assert.match(own.out, new RegExp(`^Usage: hermes ${name}`));
  }
  assert.equal((await run(home, [])).out, help.out);
  assert.match((await run(home, ["--version"])).out, /^\d+\.\d+\.\d+\n$/);
  // Whatever the home is.
  assert.equal((await run("/proc/none", ["--help"])).out, help.out);
  assert.equal((await run("/proc/none", ["config", "path"])).status, 78);
});

for (const { args, says } of [
  { args: ["statsu"], says: /hermes: unknown command 'statsu'\n.*status/ },
  { args: ["config", "set"], says: /hermes: missing required argument 'key'\n`hermes config set --help` says how/ },
  { args: ["doctor", "--nope"], says: /hermes: unknown option '--nope'/ },
  { args: ["pairing", "approve"], says: /hermes: missing required argument 'code'/ },
  { args: ["start", "now"], says: /hermes: too many arguments/ },
]) {
  test(`wrong usage is status 2 and says how: hermes ${args.join(" ")}`, async (t) => {
    const { status, err } = await run(await temporaryHome(t), args);
    assert.equal(status, 2);
    assert.match(err, says);
    assert.doesNotMatch(err, /\n\s+at /);
  });
}

test("config: set, get, show, unset, path", async (t) => {
  const home = await temporaryHome(t);
  assert.match(
    (await run(home, ["config", "set", "terminal.timeout", "60"])).out,
    /terminal\.timeout set in .*config\.yaml\. It counts after a restart\.\n/,
  );
  assert.match((await run(home, ["config", "set", "terminal.timeout", "60"])).out, /stays as it is/);
  assert.equal((await run(home, ["config", "get", "terminal.timeout"])).out, "60\n");
  await run(home, ["config", "set", "OPENAI_API_KEY", "sk-abcdefghijkl"]);
  await run(home, ["config", "set", "OPENAI_BASE_URL", "http://u:hunter2@h/v1"]);
  const show = await run(home, ["config", "show"]);
  assert.match(show.out, /terminal\.timeout +60 {2}\(config\.yaml\)/);
  assert.match(show.out, /model\.api_key +\(set, not shown\) {2}\(\.env\)/);
  assert.doesNotMatch(show.out, /sk-abc|hunter2/);
  assert.match((await run(home, ["config", "unset", "terminal.timeout"])).out, /removed/);
  assert.equal((await run(home, ["config", "get", "terminal.timeout"])).out, "180\n");
  assert.equal((await run(home, ["config", "path"])).out, `${join(home, "config.yaml")}\n${join(home, ".env")}\n`);
  const overruled = await run(home, ["config", "set", "http.port", "9000"], { HERMES_HTTP_PORT: "9001" });
  assert.match(overruled.err, /HERMES_HTTP_PORT in the environment overrules it/);
});

test("config set says at once when what is named is not set up", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "config.yaml"), "custom_providers:\n  - {name: spare, base_url: http://127.0.0.1:9/v1}\n");
  const set = (value: string) => run(home, ["config", "set", "auxiliary.compression.provider", value]);
  const wrong = await set("spar");
  assert.deepEqual([wrong.status, /set in .*config\.yaml/.test(wrong.out)], [0, true]);
  assert.match(
    wrong.err,
    /auxiliary\.compression\.provider is spar, but no provider of that name is set up\. Did you mean spare\?/,
  );
  assert.match((await set("nowhere")).err, /`hermes model`/);
  assert.equal((await set("spare")).err, "");
  const bare = await run(home, ["config", "set", "model.base_url", "http://127.0.0.1:9"]);
  assert.match(bare.err, /has no \/v1 at its end\. Set it to http:\/\/127\.0\.0\.1:9\/v1\./);
});

test("a variable that .env sets is changed there, or the change would have no effect", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, ".env"), "# mine\nOPENAI_BASE_URL=http://old/v1\n");
  await run(home, ["config", "set", "model.base_url", "http://new/v1"]);
  assert.equal(await readFile(join(home, ".env"), "utf8"), "# mine\nOPENAI_BASE_URL=http://new/v1\n");
  assert.equal((await run(home, ["config", "get", "model.base_url"])).out, "http://new/v1\n");
});

test("a bad key or value is status 78 with its mend, and changes nothing", async (t) => {
  const home = await temporaryHome(t);
  const bad = await run(home, ["config", "set", "terminal.tiemout", "1"]);
  assert.equal(bad.status, 78);
  assert.equal(bad.err, 'hermes: there is no key "terminal.tiemout".\n        Did you mean terminal.timeout?\n');
  await assert.rejects(readFile(join(home, "config.yaml")), { code: "ENOENT" });
});

test("config check: 0 when in order or only odd, 1 on errors", async (t) => {
  const home = await temporaryHome(t);
  assert.deepEqual(await run(home, ["config", "check"]), {
    status: 0,
    out: `The configuration in ${home} is in order.\n`,
    err: "",
  });
  await writeFile(join(home, "config.yaml"), "compression: {enabled: true}\n");
  assert.partialDeepStrictEqual(await run(home, ["config", "check"]), { status: 0 });
  await writeFile(join(home, "config.yaml"), "terminal: {timeout: soon}\n");
  const { status, out } = await run(home, ["config", "check"]);
  assert.equal(status, 1);
  assert.match(out, /^error {4}terminal\.timeout in config\.yaml line 1 is "soon".*\n1 error, 0 warnings\.\n$/);
});

test("commands about people go through the running service's socket", async (t) => {
  const home = await temporaryHome(t);
  const seen: unknown[] = [];
  const answers: Record<string, string> = { "pairing.list": "[]", people: "[]" };
  const service = await serveControl(home, {
    handle: async (request) => {
      seen.push(request);
      return request.args[0] === "WRONG"
        ? { ok: false, text: "no such code" }
        : { ok: true, text: answers[request.command] ?? `did ${request.command}` };
    },
  });
  t.after(() => service.close());
  assert.deepEqual(await run(home, ["pairing", "list"]), { status: 0, out: "Nobody is waiting to be let in.\n", err: "" });
  assert.deepEqual(await run(home, ["pairing", "approve", "WRONG"]), { status: 1, out: "", err: "hermes: no such code\n" });
  await run(home, ["pairing", "approve", "ABC", "admin"]);
  await run(home, ["pairing", "revoke", "ABC"]);
  await run(home, ["people", "list"]);
  const skill = { name: "k8s", description: `Finds out ${"why ".repeat(40)}` };
  answers["skills"] = JSON.stringify({ installed: [skill], available: [{ ...skill, name: "git" }] });
  const { out } = await run(home, ["skills", "list"]);
  assert.match(out, /^NAME  STATE        FOR\nk8s   in use       Finds out why .*…\ngit   comes along  Finds/);
  assert.ok(out.split("\n").every((line) => line.length <= 80));
  seen.pop();
  answers["people"] = "did people";
  assert.match((await run(home, ["people", "list"])).err, /another version than this command[^]*Restart it/);
  assert.deepEqual(await run(home, ["status"]), { status: 0, out: "did status\n", err: "" });
  assert.deepEqual(seen, [
    { command: "pairing.list", args: [] },
    { command: "pairing.approve", args: ["WRONG"] },
    { command: "pairing.approve", args: ["ABC", "admin"] },
    { command: "pairing.revoke", args: ["ABC"] },
    { command: "people", args: ['{"do":"list"}'] },
    { command: "people", args: ['{"do":"list"}'] },
    { command: "status", args: [] },
  ]);
});

test("status without a service says so and how to start it", async (t) => {
  const { status, out } = await run(await temporaryHome(t), ["status"]);
  assert.equal(status, 1);
  assert.match(out, /^Not running on .*`hermes start`/);
});

test("a stack trace is shown with HERMES_DEBUG=1 only", async (t) => {
  const home = await temporaryHome(t);
  const args = ["config", "get", "nope.nope"];
  assert.doesNotMatch((await run(home, args)).err, /\n\s+at /);
  assert.match((await run(home, args, { HERMES_DEBUG: "1" })).err, /\n\s+at /);
});
