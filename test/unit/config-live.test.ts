import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { followConfig } from "../../src/config/live.ts";
import { loadConfig } from "../../src/config/load.ts";
import { setKey } from "../../src/config/set.ts";

async function rig(t: TestContext, yaml: string) {
  const home = await mkdtemp(join(tmpdir(), "hermes-live-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const file = join(home, "config.yaml");
  await writeFile(file, yaml);
  const said: string[] = [];
  const note = (_fields: object, message: string) => void said.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const { config } = await loadConfig({ env: {}, home });
  return { home, file, said, follow: await followConfig(config, {}, log) };
}

test("a change is seen at the next look, in config.yaml and in .env", async (t) => {
  const { home, file, follow } = await rig(t, "model: one\n");
  assert.equal((await follow.refresh()).model.default, "one");
  await writeFile(file, "model: two\n");
  assert.equal(follow.current.model.default, "one");
  assert.equal((await follow.refresh()).model.default, "two");
  assert.equal(follow.current.model.default, "two");
  await setKey(home, "OPENAI_API_KEY", "k");
  assert.equal((await follow.refresh()).model.apiKey, "k");
});

test("looks at the same time read once; without a change nothing is read", async (t) => {
  const { file, follow } = await rig(t, "model: one\n");
  await writeFile(file, "model: two\n");
  const [first, second] = await Promise.all([follow.refresh(), follow.refresh()]);
  assert.equal(first, second);
  assert.equal(await follow.refresh(), first);
  await writeFile(file, "model: three\n");
  const [, joined] = await Promise.all([follow.refresh(), follow.refresh(60_000)]);
  assert.equal(joined.model.default, "three", "a look under way is newer than an earlier one that would do");
});

test("a broken file and a value that can't be used leave what was, and are told once", async (t) => {
  const { file, follow, said } = await rig(t, "model: one\ncompression: {threshold: 0.5}\n");
  await writeFile(file, "model: [\n");
  assert.equal((await follow.refresh()).model.default, "one");
  await follow.refresh();
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /is not valid YAML.*What was set before stays in force/);
  await writeFile(file, "model: two\ncompression: {threshold: much}\n");
  const kept = await follow.refresh();
  assert.deepEqual([kept.model.default, kept.compression.threshold], ["one", 0.5]);
  await writeFile(file, "model: three\n");
  assert.equal((await follow.refresh()).model.default, "three");
});

test("what was wrong from the beginning does not hold up a change", async (t) => {
  const { file, follow, said } = await rig(t, "model: one\nterminal: {timeout: soon}\n");
  await writeFile(file, "model: two\nterminal: {timeout: soon}\n");
  assert.equal((await follow.refresh()).model.default, "two");
  assert.deepEqual(said, []);
});

test("a deleted file is the defaults", async (t) => {
  const { file, follow } = await rig(t, "model: one\n");
  await rm(file);
  assert.equal((await follow.refresh()).model.default, null);
});
