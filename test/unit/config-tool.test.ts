import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Role } from "../../src/core/chats.ts";
import type { ProviderListing } from "../../src/core/model.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import { keyOf, keyPaths } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { openConfiguration } from "../../src/main/configuration.ts";
import { configuration as tool } from "../../src/tools/configuration.ts";
import { barred } from "../contract/tool-context.ts";

const yaml = `# ours
model:
  base_url: http://127.0.0.1:9/v1
  default: qwen
  api_key: hunter2
custom_providers:
  - {name: deepseek, base_url: "http://u:hunter2@127.0.0.1:8/v1", api_key: hunter2}
compression:
  threshold: 0.8 # as the team agreed
access: {open: false}
`;

const listings: readonly ProviderListing[] = [
  { provider: "main", server: "http://127.0.0.1:9/v1", models: ["qwen", "llama"], failure: null },
  { provider: "deepseek", server: "http://127.0.0.1:8/v1", models: ["deepseek-chat"], failure: null },
];

async function rig(t: TestContext, role: Role = "owner", env: Readonly<Record<string, string>> = {}) {
  const home = await mkdtemp(join(tmpdir(), "hermes-tool-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  await writeFile(join(home, "config.yaml"), yaml);
  const models = { listings: async () => listings };
  const settings = openConfiguration({ home, env, models, placeSaved: () => "It is saved in config.yaml." });
  const context: ToolContext = {
    session: "s",
    person: { id: "p", name: "Ada", role },
    shared: false,
    signal: new AbortController().signal,
    sandbox: () => Promise.reject(new Error("not needed")),
    remember: () => Promise.reject(new Error("not needed")),
    modelSpeed: async () => "",
    configuration: settings,
    ...barred,
    progress: () => undefined,
    limits: { commandMs: 1, resultChars: 1_000 },
  };
  const get = (key: string) => tool.run({ action: "get", key }, context);
  const set = (key: string, value: string) => tool.run({ action: "set", key, value }, context);
  return { home, get, set, read: () => readFile(join(home, "config.yaml"), "utf8"), load: () => loadConfig({ env, home }) };
}

test("a section is read with what each key means; no secret is in anything it says", async (t) => {
  const { get } = await rig(t, "member");
  assert.match(
    await get("compression"),
    /^compression\.enabled: true \(default\) {2}# Whether[^]*\ncompression\.threshold: 0\.8 {2}# /,
  );
  assert.match(await get("auxiliary.compression"), /^auxiliary\.compression\.provider: auto \(default\)/);
  assert.equal((await get("compression.threshold")).split("\n").length, 1);
  const all = await get("");
  assert.match(all, /model\.default: qwen[^]*custom_providers: deepseek/);
  assert.doesNotMatch(all, /hunter2|api_key|^(?:access|terminal|telegram|http)\./m);
  await assert.rejects(async () => await get("telegram.bot_token"), /not shown in chat/);
  await assert.rejects(async () => await get("compresion.threshold"), /no key/);
});

test("an owner changes a key: comments stay, and what took effect is told", async (t) => {
  const { set, read, load } = await rig(t);
  assert.match(
    await set("compression.threshold", "0.7"),
    /^compression\.threshold is 0\.7 now\. It is saved in config\.yaml\. It counts the next time a conversation is shortened\. That is when its context reaches 70 % of the window\.$/,
  );
  assert.match(await set("auxiliary.compression.provider", "deepseek"), /Set auxiliary\.compression\.model too/);
  assert.match(await set("auxiliary.compression.model", "deepseek-chat"), /is deepseek-chat now/);
  assert.match(await set("agent.reasoning_effort", "low"), /from the next message on/);
  assert.match(await set("display.busy_input_mode", "queue"), /after a restart/);
  assert.match(await set("model.default", "llama"), /is llama now/);
  assert.match(await set("compression.threshold", ""), /is 0\.8 now/);
  assert.match(await read(), /^# ours\n/);
  const { config, findings } = await load();
  assert.deepEqual(findings, []);
  assert.deepEqual([config.auxiliary.compression.provider, config.auxiliary.compression.model], ["deepseek", "deepseek-chat"]);
});

test("two changes at once are both kept", async (t) => {
  const { set, load } = await rig(t);
  await Promise.all([set("agent.max_turns", "9"), set("compression.protect_last_n", "7"), set("agent.reasoning_effort", "high")]);
  const { agent, compression } = (await load()).config;
  assert.deepEqual([agent.maxTurns, agent.reasoningEffort, compression.protectLastN], [9, "high", 7]);
});

for (const [key, value, says] of [
  ["access.open", "true", /can't be changed from chat/],
  ["terminal.backend", "docker", /can't be changed from chat/],
  ["model.api_key", "x", /can't be changed from chat/],
  ["model.base_url", "http://elsewhere/v1", /can't be changed from chat/],
  ["auxiliary.compression.base_url", "http://elsewhere/v1", /can't be changed from chat/],
  ["TELEGRAM_BOT_TOKEN", "1:x", /can't be changed from chat/],
  ["providers.x.base_url", "http://elsewhere/v1", /there is no key/],
  ["custom_providers", "[]", /can't be changed from chat/],
  ["compression.threshold", "9", /Expected a number from 0\.1 to 0\.95/],
  ["compression.treshold", "0.5", /there is no key/],
  ["auxiliary.compression.provider", "deepsek", /no provider deepsek; nothing was changed\. There are: auto, deepseek/],
  [
    "auxiliary.compression.model",
    "deepseek-chat",
    /has no model deepseek-chat.*set auxiliary\.compression\.provider to deepseek first/,
  ],
  ["model.default", "gpt-9", /has no model gpt-9; nothing was changed\. It lists qwen, llama/],
] as const) {
  test(`setting ${key} to ${value} from chat is refused, and nothing changes`, async (t) => {
    const { set, read } = await rig(t);
    await assert.rejects(async () => await set(key, value), says);
    assert.equal(await read(), yaml);
  });
}

test("a member is refused kindly", async (t) => {
  const { set, read } = await rig(t, "member");
  await assert.rejects(async () => await set("compression.threshold", "0.7"), /Ada may read the settings but not change them/);
  assert.equal(await read(), yaml);
});

test("what may be changed from chat opens no door: no secret, no address, nothing of access, sandboxes, tokens or the page", () => {
  const chat = keyPaths.filter((path) => keyOf(path).chat === true);
  assert.ok(chat.length > 20);
  for (const path of chat) {
    assert.doesNotMatch(path, /^(?:access|terminal|telegram|http|logging|home)|url|key|token(?!s)|probe/);
    assert.ok(keyOf(path).secret !== true && keyOf(path).environmentOnly !== true, path);
  }
});
