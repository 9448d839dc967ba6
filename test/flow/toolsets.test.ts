import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { openSearchEngines } from "../doubles/search-engines.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";
import { lastOf, openTalk, openTalkApart } from "./talk-rig.ts";

function listed(seen: Seen | undefined): readonly string[] {
  return (seen?.body.tools ?? []).map((tool) => tool.function.name);
}

/** Runs a command where asked to, and repeats what came of it. */
function answer(seen: Seen) {
  const last = seen.body.messages.at(-1);
  if (last?.role === "tool") return say(`came: ${String(last.content)}`);
  return String(last?.content).includes("run") ? call("terminal", { command: "echo ran" }) : say("hello");
}

test("a role's sets hold in private prompts, and in a shared chat at the call", async () => {
  await using stack = new AsyncDisposableStack();
  const model = stack.use(await modelServerWith({ strict: false }, answer));
  const telegram = stack.use(await telegramServer());
  const home = stack.use(await freshHome());
  const config =
    "terminal: {backend: virtual}\nrole_toolsets: {member: [file, memory]}\nchat_toolsets: {shared: [terminal, file, clarify]}\n";
  await writeFile(join(home.path, "config.yaml"), config);
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  const hermes = stack.use(await hostHermes({ home: home.path, env }));
  await hermes.printed(/telegram is connected/);
  const until = (chat: number, says: RegExp) =>
    telegram.waitFor(() => telegram.messages(chat).some(({ text }) => says.test(text)), 20_000);
  telegram.say(7, "hello");
  await until(7, /hello/);
  const own = listed(model.seen.at(-1));
  assert.ok(own.includes("write_file") && own.includes("memory"), own.join());
  assert.ok(!own.includes("terminal"), "not the member's");
  telegram.say(-55, `@${telegram.bot.username} please run it`, { from: 7 });
  await until(-55, /terminal was not run: .* is member here, and a member may not use it \(role_toolsets\)/);
  const shared = listed(model.seen.at(-1));
  assert.ok(shared.includes("terminal") && !shared.includes("memory"), shared.join());
});

test("--toolsets narrows one start, before or behind the command", async () => {
  await using rig = await openTalkApart({ options: ["--toolsets", "file,search"] });
  const { seen } = await rig.ask("hello", () => say("hello"));
  const names = listed(seen[0]);
  assert.ok(names.includes("read_file") && !names.includes("terminal") && !names.includes("memory"), names.join());
});

test("the tools of a session stay as they began; what was switched off since is refused", async () => {
  await using rig = await openTalk({ config: "terminal: {backend: virtual}\n" });
  const first = await rig.ask("run", answer);
  assert.match(first.answer, /came: [^]*ran/);
  await writeFile(join(rig.home, "config.yaml"), "terminal: {backend: virtual}\nagent: {disabled_toolsets: [debugging]}\n");
  assert.match(await rig.askOn("run again"), /terminal was not run: it is switched off \(agent\.disabled_toolsets\)/);
  const again = rig.model.seen.at(-1);
  assert.equal(JSON.stringify(again?.body.tools), JSON.stringify(first.seen[0]?.body.tools));
  await writeFile(join(rig.home, "config.yaml"), "platform_toolsets: {web: [file]}\n");
  const { seen } = await rig.ask("hello", () => say("hello"));
  assert.ok(
    listed(seen[0]).every((name) => /file|patch/.test(name)),
    listed(seen[0]).join(),
  );
});

test("a search service that is set up while the service runs is there in the next conversation, and a lost one says so", async () => {
  await using engines = await openSearchEngines();
  await using rig = await openTalk();
  const search = (seen: Seen) =>
    seen.body.messages.at(-1)?.role === "tool"
      ? say(`came: ${lastOf(seen)}`)
      : call("web_search", { query: "sourdough", limit: 1 });
  const before = await rig.ask("hello", () => say("hello"));
  assert.ok(!listed(before.seen[0]).includes("web_search"));
  await writeFile(join(rig.home, "config.yaml"), `web: {searxng_url: "${engines.url}/searxng"}\n`);
  const { answer: found, seen } = await rig.ask("look", search);
  assert.ok(listed(seen[0]).includes("web_search"), listed(seen[0]).join());
  assert.match(found, /came: [^]*Sourdough/);
  await writeFile(join(rig.home, "config.yaml"), "");
  assert.match(await rig.askOn("look again"), /No search service is set up/);
  const { seen: after } = await rig.ask("hello", () => say("hello"));
  assert.ok(!listed(after[0]).includes("web_search"));
});
