import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { manifest } from "../../adapters/slack/manifest.ts";
import * as registry from "../../src/commands/index.ts";
import { findCommand, parseCommand } from "../../src/commands/command.ts";
import { languageOf, languages } from "../../src/commands/languages/index.ts";
import { offeredCommands } from "../../src/commands/offered.ts";
import type { Command } from "../../src/core/command.ts";
import { telegramRig } from "./telegram-rig.ts";
import { discordRig } from "./discord-rig.ts";

const commands: readonly Command[] = Object.values(registry);
const offered = offeredCommands(commands, languages[0], languages);

test("every command has a name of its own that every platform takes, and none has words outside of the languages", () => {
  const names = commands.flatMap(({ name, aliases }) => [name, ...aliases]);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
  for (const name of names) assert.match(name, /^[a-z][a-z0-9-]{0,31}$/);
  assert.deepEqual(
    commands.filter(({ description }) => description !== undefined).map(({ name }) => name),
    [],
  );
});

test("every language says each command in one line that every platform takes, and says nothing of commands that are not there", () => {
  const names = commands.map(({ name }) => name).toSorted();
  for (const language of languages) {
    assert.deepEqual(Object.keys(language.commands).toSorted(), names);
    for (const [name, { line, argument }] of Object.entries(language.commands)) {
      for (const words of [line, ...(argument === undefined ? [] : [argument])]) {
        assert.ok(words.trim() === words && words.length > 0, `${language.code}: ${name}`);
        assert.ok(words.length <= 100, `${language.code}: ${name} is longer than Discord takes`);
        assert.ok(!words.includes("\n"), `${language.code}: ${name}`);
      }
      assert.ok(!line.endsWith("."), `${language.code}: ${name}`);
    }
  }
});

test("a language is told by its tag, however it is written", () => {
  const codes = ["zh", "zh-Hans-CN", "zh_TW", "ZH-cn", "en-US", "EN", "de", "", null, "zhx", "<script>"].map(
    (tag) => languageOf(tag)?.code ?? null,
  );
  assert.deepEqual(codes, ["zh", "zh", "zh", "zh", "en", "en", null, null, null, null, null]);
});

test("a name is found in any case, by its one beginning, and exactly before anything else", () => {
  const named = (name: string, aliases: readonly string[] = []): Command => ({
    name,
    aliases,
    role: "member",
    run: async () => null,
  });
  const some = [named("stop"), named("status"), named("stopwatch"), named("data-set", ["ds"])];
  const find = (typed: string) => {
    const parsed = parseCommand(typed);
    const found = parsed && findCommand(some, parsed.name);
    return found?.type === "one" ? found.command.name : found?.type === "several" ? found.names : null;
  };
  assert.equal(find("/STOP"), "stop");
  assert.equal(find("/stop"), "stop");
  assert.equal(find("/stopw now"), "stopwatch");
  assert.deepEqual(find("/st"), ["stop", "status", "stopwatch"]);
  assert.equal(find("/d"), "data-set");
  assert.equal(find("/data_set"), "data-set");
  assert.equal(find("/DS x"), "data-set");
  assert.equal(find("/tmp/file"), null);
  assert.equal(find("/nothing"), null);
});

test("Telegram has a menu for private chats, one for groups, and one for each owner and admin, all in every language", async () => {
  await using rig = await telegramRig();
  let rulers: readonly string[] = ["501"];
  const start = async (until: () => boolean) => {
    const adapter = rig.make({ commands: async () => offered, rulers: async () => rulers });
    await adapter.start(rig.inlet);
    await rig.tg.waitFor(until);
    await adapter.close();
  };
  await start(() => rig.tg.menus.has("chat:501:zh"));
  const lines = (menu: string) => new Map((rig.tg.menus.get(menu) ?? []).map((each) => [each["command"], each["description"]]));
  for (const scope of ["all_private_chats", "all_group_chats", "chat:501"]) {
    for (const language of languages) {
      const menu = lines(language === languages[0] ? scope : `${scope}:${language.code}`);
      assert.equal(menu.get("stop"), language.commands["stop"]?.line, scope);
      assert.equal(menu.has("insights"), scope === "chat:501", scope);
    }
  }
  const calls = rig.callsOf("setMyCommands").length;
  rulers = [];
  await start(() => !rig.tg.menus.has("chat:501") && !rig.tg.menus.has("chat:501:zh"));
  assert.equal(rig.callsOf("setMyCommands").length, calls, "what has not changed is not registered again");
  // Somebody becomes an admin while it runs.
  await using running = new AsyncDisposableStack();
  let looks = 0;
  let skills = offered;
  const options = { commands: async () => skills, rulers: async () => ((looks += 1), rulers), menuEveryMs: 5 };
  const adapter = running.adopt(rig.make(options), (it) => it.close());
  await adapter.start(rig.inlet);
  await rig.tg.waitFor(() => looks > 1);
  // A menu that fails meanwhile is made a little later.
  rig.tg.fault({ method: "setMyCommands" }, { kind: "limit", retryAfter: 1 });
  rulers = ["502"];
  await rig.tg.waitFor(() => rig.tg.menus.has("chat:502:zh"));
  // A skill is installed, and removed.
  const hasSkill = (scope: string) => (rig.tg.menus.get(scope) ?? []).some((each) => each["command"] === "k8s");
  const scopes = ["all_private_chats", "all_private_chats:zh", "all_group_chats", "chat:502"];
  skills = [...offered, { name: "k8s", aliases: [], description: "Look after the cluster" }];
  await rig.tg.waitFor(() => scopes.every(hasSkill));
  skills = offered;
  await rig.tg.waitFor(() => !scopes.some(hasSkill));
});

test("Discord gets every command with its words in every language", async () => {
  await using rig = await discordRig();
  let skills = [...offered, { name: "k8s", aliases: [], description: "Look after the cluster" }];
  await using running = new AsyncDisposableStack();
  const adapter = running.adopt(rig.make({ commands: async () => skills, menuEveryMs: 5 }), (it) => it.close());
  await adapter.start(rig.inlet);
  await rig.discord.waitFor(() => rig.discord.commands().length === offered.length + 1);
  // The skill is removed.
  skills = [...offered];
  await rig.discord.waitFor(() => rig.discord.commands().length === offered.length);
  const all = rig.discord.commands();
  assert.deepEqual(all.map((each) => String(each["name"])).toSorted(), commands.map(({ name }) => name).toSorted());
  for (const each of all) {
    const words = languages[1]?.commands[String(each["name"])];
    assert.equal(Object(each["description_localizations"])["zh-CN"], words?.line);
  }
});

test("Slack's manifest has every command that Slack leaves free, and /hermes for all", () => {
  const slash: readonly { readonly command: string }[] = Object(manifest(offered)["features"])["slash_commands"];
  assert.ok(slash.length <= 50, "Slack takes 50");
  const missing = commands.filter(({ name }) => !slash.some(({ command }) => command === `/${name}`)).map(({ name }) => name);
  assert.deepEqual(missing.toSorted(), ["help", "start", "status"]);
});

test("docs/commands.md tells of every command", () => {
  const docs = readFileSync(new URL("../../docs/commands.md", import.meta.url), "utf8");
  assert.deepEqual(
    commands.flatMap(({ name, aliases }) => [name, ...aliases]).filter((name) => !new RegExp(`\`/${name}[\` ,]`).test(docs)),
    [],
  );
});
