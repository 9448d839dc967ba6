import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/core/failures.ts";
import { editEnvText, parseEnvText } from "../../src/config/env-file.ts";
import { type KeyPath, keyOf, keyPaths } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { editConfigText, setKey, unsetKey } from "../../src/config/set.ts";
import { readConfigText } from "../../src/config/yaml-file.ts";

async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-set-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

const commented = `# head of the file

# about the model
model: some-model # chosen by Ana
terminal:
  # where commands run
  backend: "virtual" # for now
  timeout: 0x10 # hex
memory:
  enabled: yes-please # wrong on purpose
agent: # nothing yet
unknown_section:
  mine: [1, 2] # keep me
# the end
`;

test("set keeps every comment and every other key", () => {
  const edited = editConfigText(editConfigText(commented, "terminal.backend", "docker"), "agent.max_turns", 7);
  for (const comment of commented.match(/#.*/g) ?? []) assert.ok(edited.includes(comment), comment);
  assert.match(edited, /backend: docker # for now/);
  assert.match(edited, /max_turns: 7/);
  assert.match(edited, /mine: \[ ?1, 2 ?\] # keep me/);
  assert.match(edited, /timeout: 0x10 # hex/);
});

test("a scalar model becomes a section when another key of it is set, and another spelling is set where it stands", () => {
  assert.deepEqual(valuesOf(editConfigText("model: m # mine\n", "model.base_url", "http://h/v1")), {
    "model.default": "m",
    "model.base_url": "http://h/v1",
  });
  assert.deepEqual(valuesOf(editConfigText("model: m\n", "model.default", "n")), { "model.default": "n" });
  assert.deepEqual(valuesOf(editConfigText("memory: {enabled: true}\n", "memory.memory_enabled", false)), {
    "memory.enabled": false,
  });
  assert.equal(editConfigText("model: m\n", "model.default", null), "");
});

const settable = keyPaths.filter((path) => keyOf(path).environmentOnly !== true && keyOf(path).secret !== true);
const anyValue: Readonly<Partial<Record<KeyPath, fc.Arbitrary<unknown>>>> = {
  "model.default": fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom("007", "true", "null", "1e3", "#x", "a: b", "- x", "~", "'", '"', "{a}"),
  ),
  "terminal.container_cpu": fc.double({ min: 0.01, max: 1024, noNaN: true }),
  "terminal.timeout": fc.integer({ min: 1, max: 86_400 }),
  "terminal.backend": fc.constantFrom("auto", "docker", "virtual"),
  "access.pairing": fc.boolean(),
  "telegram.rich_messages": fc.constantFrom("off", "auto"),
  "model.probe": fc.array(fc.constantFrom("http://a/v1", "https://b:1/v1"), { maxLength: 3 }),
};
const changes = fc.array(
  fc
    .constantFrom(...settable.filter((path) => path in anyValue))
    .chain((path) => fc.tuple(fc.constant(path), anyValue[path] ?? fc.constant(null))),
  { minLength: 1, maxLength: 8 },
);
const startTexts: fc.Arbitrary<string> = fc.constantFrom(
  "",
  "# only a comment\n",
  commented,
  "model: {default: x} # flow\n",
  "terminal:\n",
  "access:\n  pairing: true\n",
);

test("whatever is set is read back, comments stay, and each change touches its key only", () => {
  fc.assert(
    fc.property(startTexts, changes, (start, list) => {
      let text = start;
      for (const [path, raw] of list) {
        const parsed = keyOf(path).kind.schema.safeParse(raw);
        if (!parsed.success) continue;
        const before = valuesOf(text);
        text = editConfigText(text, path, parsed.data);
        const after = readConfigText(text, "f");
        assert.deepEqual(after.findings, []);
        const setting = after.settings.find(
          (candidate) => candidate.path === path || (candidate.path === "model" && path === "model.default"),
        );
        const read = keyOf(path).kind.schema.safeParse(setting?.value);
        assert.deepEqual(read.data, parsed.data, text);
        const others = (values: Record<string, unknown>): unknown[] => Object.entries(values).filter(([name]) => name !== path);
        assert.deepEqual(new Set(others(valuesOf(text)).map(String)), new Set(others(before).map(String)));
      }
      for (const comment of start.match(/# .*/g) ?? []) assert.ok(text.includes(comment), `${comment} lost in:\n${text}`);
    }),
    { numRuns: 300 },
  );
});

test("variables written to .env are read back, and the other lines stay", () => {
  const value = fc
    .string()
    .map((text) => text.trim())
    .filter((text) => text !== "" && !/[\p{Cc}]/u.test(text) && !/[`'"\\]/.test(text));
  fc.assert(
    fc.property(fc.constantFrom("", "# a\nA=1\n", "B='x y'\nNAME=old\nNAME=older\n"), value, (start, secret) => {
      const text = editEnvText(start, "NAME", secret);
      assert.equal(parseEnvText(text, ".env").values["NAME"], secret);
      assert.deepEqual(
        parseEnvText(editEnvText(text, "NAME", null), ".env").values,
        parseEnvText(editEnvText(start, "NAME", null), ".env").values,
      );
    }),
  );
});

test("secrets go to .env and never to config.yaml; both files are the owner's only", async (t) => {
  const home = join(await temporaryHome(t), "new");
  await setKey(home, "model.api_key", "sk-abc");
  await setKey(home, "TELEGRAM_BOT_TOKEN", "1:token");
  await setKey(home, "REDIS_URL", "redis://:pw@127.0.0.1:1");
  await setKey(home, "agent.max_iterations", "12");
  assert.equal(await readFile(join(home, "config.yaml"), "utf8"), "agent:\n  max_turns: 12\n");
  for (const file of [".env", "config.yaml"]) assert.equal((await stat(join(home, file))).mode & 0o777, 0o600);
  assert.equal((await stat(home)).mode & 0o777, 0o700);
  const { config, findings } = await loadConfig({ home, env: {} });
  assert.deepEqual(findings, []);
  assert.deepEqual(
    [config.model.apiKey, config.telegram.botToken, config.redisUrl, config.agent.maxTurns],
    ["sk-abc", "1:token", "redis://:pw@127.0.0.1:1", 12],
  );
  assert.equal((await unsetKey(home, "model.api_key")).changed, true);
  assert.equal((await unsetKey(home, "model.api_key")).changed, false);
  assert.doesNotMatch(await readFile(join(home, ".env"), "utf8"), /sk-abc/);
  assert.deepEqual((await readdir(home)).toSorted(), [".env", "config.yaml"]);
});

test("a linked config.yaml stays a link", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "real.yaml"), "# mine\n");
  await symlink(join(home, "real.yaml"), join(home, "config.yaml"));
  await setKey(home, "http.port", "9000");
  assert.equal(await readFile(join(home, "real.yaml"), "utf8"), "# mine\n\nhttp:\n  port: 9000\n");
});

for (const [name, value, says] of [
  ["terminal.tiemout", "1", /Did you mean terminal\.timeout/],
  ["compression.tail_mode", "lean", /original Hermes Agent/],
  ["terminal.timeout", "soon", /Expected a whole number/],
  ["terminal.backend", "modal", /one of auto, docker, local, ssh, virtual/],
  ["HERMES_HOME", "/x", /Set it in the environment/],
  ["model.api_key", "two\nlines", /not shown/],
] as const) {
  test(`setting ${name} to ${JSON.stringify(value)} is refused with its mend`, async (t) => {
    await assert.rejects(setKey(await temporaryHome(t), name, value), (thrown: unknown) => {
      assert.ok(thrown instanceof Failure);
      assert.equal(thrown.code, "config.invalid");
      assert.match(`${thrown.message} ${thrown.advice}`, says);
      return true;
    });
  });
}

test("a broken config.yaml is left alone", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "config.yaml"), "a: [1\n");
  await assert.rejects(setKey(home, "http.port", "1"), /line \d is not valid YAML/);
  assert.equal(await readFile(join(home, "config.yaml"), "utf8"), "a: [1\n");
});

function valuesOf(text: string): Record<string, unknown> {
  const rows = readConfigText(text, "f").settings.map(({ path, value }) => [path === "model" ? "model.default" : path, value]);
  return Object.fromEntries(rows.filter(([, value]) => value !== null));
}
