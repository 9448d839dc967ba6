import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pictureType } from "../../src/core/media-types.ts";
import { callControl } from "../../src/gateway/control-socket.ts";
import { call, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, type Running } from "./service.ts";

const group = -55;
const alice = 7;
const bob = 8;
/** Telegram takes only so many messages in half a minute in one chat. */
const carol = 9;
const dora = 10;

const sales = "Sales:\n\n| 城市 | 销量 |\n|---|--:|\n| 北京 | €1,234 |\n| Ulm | €980 |\n| Bonn | €-20 |\n\nThat is all.";

/** What a run is asked decides what it answers; what stands in its prompt is what it says. */
function answer({ body: { messages } }: Seen) {
  const last = messages.at(-1);
  const text = String(last?.content);
  if (last?.role === "tool") return say(`came: ${text}`);
  const wish = /cronjob (\{.*\})/s.exec(text)?.[1];
  if (wish !== undefined) return call("cronjob", JSON.parse(wish));
  if (text.includes("tell the sales")) return say(sales);
  const fact = /^memorise (.*)$/m.exec(text)?.[1];
  if (fact !== undefined) return call("memory", { action: "add", target: "user", content: `My code is ${fact}` });
  if (text.includes("stay quiet")) return say("Nothing new.\n[SILENT]");
  if (text.includes("tell all you know")) return say(`I know: ${messages.map(({ content }) => String(content)).join(" | ")}`);
  return say(`done: ${text.slice(-200)}`);
}

let stack: AsyncDisposableStack;
let telegram: TelegramServer;
let model: ModelServer;
let hermes: Running;
let home: string;
const texts = (chat: number) => telegram.messages(chat).map((message) => message.text);
const until = (chat: number, says: RegExp, ms = 30_000) =>
  telegram.waitFor(() => texts(chat).some((text) => says.test(text)), ms);

before(async () => {
  stack = new AsyncDisposableStack();
  model = stack.use(await modelServerWith({ strict: false }, answer));
  telegram = stack.use(await telegramServer());
  const fresh = stack.use(await freshHome());
  home = fresh.path;
  await writeFile(join(home, "config.yaml"), "timezone: Asia/Shanghai\nterminal: {backend: virtual}\n");
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  hermes = stack.use(await hostHermes({ home, env }));
  await hermes.printed(/telegram is connected/);
  telegram.say(alice, "hello");
  telegram.say(group, `@${telegram.bot.username} hello`, { from: alice });
  telegram.say(bob, "hello");
  telegram.say(carol, "hello");
  await Promise.all([
    until(alice, /^done: hello/),
    until(group, /^done: .*hello/),
    until(bob, /^done: hello/),
    until(carol, /^done: hello/),
  ]);
});
after(() => stack.disposeAsync());

function press(chat: number, label: string): void {
  const asking = telegram.messages(chat).findLast((message) => message.buttons.some((button) => button.label === label));
  const button = asking?.buttons.find((each) => each.label === label);
  if (!asking || !button) throw new Error(`no button ${label} in ${chat}`);
  telegram.press(chat, asking.id, button.data, { from: chat });
}

test("a schedule is shown with its next three times, saved by a button, run, and reported into another chat", async () => {
  telegram.say(
    alice,
    `/cron add "0 9 * * *\\" 每日市场报告 --name market --deliver telegram:${group},telegram:${group}:77,origin`,
  );
  await until(alice, /market: 每日市场报告[^]*Asia\/Shanghai[^]*Next: .*09:00\nThen: .*09:00\nThen: .*09:00[^]*Save it\?/);
  telegram.say(alice, "/cron list");
  await until(alice, /You have no schedules/);
  press(alice, "Save");
  await until(alice, /market is saved as 1/);
  telegram.say(alice, "/cron run market");
  await until(alice, /market runs now/);
  await Promise.all([until(group, /⏰ market[^]*done: 每日市场报告[^]*Next: /), until(alice, /⏰ market[^]*done: 每日市场报告/)]);
  const inThread = () => telegram.messages(group).filter(({ text, thread }) => thread === 77 && text.includes("⏰ market"));
  await telegram.waitFor(() => inThread().length === 1, 30_000);
  telegram.say(alice, "/cron history market");
  await until(alice, /market\s+.*✓ done: 每日市场报告/);
});

test("what others read has nothing of what its owner said in private, and schedules are their owner's alone", async () => {
  telegram.say(alice, "memorise canary-7");
  await until(alice, /^came: /);
  telegram.say(alice, `/cron add in 2m tell all you know --name leak --deliver telegram:${group} --yes`);
  await until(alice, /leak: tell all/);
  telegram.say(alice, "/cron add in 2m tell all you know --name diary --yes");
  await until(alice, /diary: tell all/);
  for (const name of ["leak", "diary"]) telegram.say(alice, `/cron run ${name}`);
  await Promise.all([until(group, /⏰ leak/), until(alice, /⏰ diary[^]*canary-7/)]);
  assert.ok(!texts(group).some((text) => text.includes("canary-7")));
  telegram.say(bob, "/cron run leak");
  await until(bob, /There is no schedule "leak" here/);
  telegram.say(bob, `/cron add every 2h spam --deliver telegram:${group}`);
  await until(bob, /You can't have anything posted to "telegram:-55"/);
  telegram.say(bob, "/cron save 2");
  await until(bob, /nothing of yours to be saved/);
});

test("a home that is another's private chat is read by another: a report there has nothing that its owner said in private", async () => {
  telegram.say(dora, "hello");
  await until(dora, /^done: hello/);
  const admin = JSON.stringify({ do: "role", who: `telegram:${dora}`, role: "admin" });
  assert.equal((await callControl(home, { command: "people", args: [admin] }))?.ok, true);
  telegram.say(dora, "/sethome");
  await until(dora, /home arrive here[^]*Only you read it/);
  telegram.say(bob, "memorise canary-8");
  await until(bob, /^came: /);
  telegram.say(bob, "/cron add in 2m tell all you know --name homely --deliver home,telegram --yes");
  await until(bob, /homely: tell all/);
  telegram.say(bob, "/cron run homely");
  await until(dora, /⏰ homely[^]*I know: /);
  assert.ok(!texts(dora).some((text) => text.includes("canary-8")));
  assert.equal(texts(dora).filter((text) => text.includes("⏰ homely")).length, 1, "the same place twice is one");
});

test("silence is kept, a script without a model is told, its failure too, and files are written", async () => {
  telegram.say(carol, "/cron add every 2h stay quiet --name quiet --yes");
  await until(carol, /quiet: stay quiet/);
  telegram.say(carol, `/cron add every 2h --script "echo from the script" --no-agent --name disk --deliver local,origin --yes`);
  await until(carol, /disk: echo from the script/);
  telegram.say(carol, `/cron add every 2h --script "echo half; exit 3" --no-agent --name broken --yes`);
  await until(carol, /broken: echo half/);
  for (const name of ["quiet", "disk", "broken"]) telegram.say(carol, `/cron run ${name}`);
  await until(carol, /⏰ disk\s+from the script/);
  await until(carol, /⚠️ broken \(schedule \d+\) failed: the script ended with 3\.\s+half/);
  do telegram.say(carol, "/cron history quiet");
  while (!(await until(carol, /quiet\s+.*✓ nothing to tell/, 1_000).catch(() => false)));
  assert.ok(!texts(carol).some((text) => /^⏰ quiet$/m.test(text)));
  const [number = ""] = await readdir(join(home, "cron", "output"));
  const [file = ""] = await readdir(join(home, "cron", "output", number));
  assert.equal(await readFile(join(home, "cron", "output", number, file), "utf8"), "from the script\n");
});

test("a report of numbers is told whole, and brings a chart, a file too; without `cron.charts` it is told alone", async () => {
  telegram.say(alice, `/cron add every 2h tell the sales --name sales --deliver origin,telegram:${group},local --yes`);
  await until(alice, /sales: tell the sales/);
  telegram.say(alice, "/cron run sales");
  const charts = (chat: number) => telegram.messages(chat).filter(({ file }) => file?.name === "chart.png");
  await telegram.waitFor(() => charts(alice).length === 1 && charts(group).length === 1, 30_000);
  for (const chat of [alice, group]) {
    const [chart] = charts(chat);
    const told = telegram.messages(chat).find(({ text }) => /⏰[^]*That is all/.test(text)) ?? assert.fail("no report");
    for (const said of ["Sales:", "北京", "€1,234", "That is all.", "A = 销量 · 1 = 北京", "Next: "])
      assert.ok(told.text.includes(said), `${said}: ${told.text}`);
    assert.equal(chart?.file?.kind, "photo");
    assert.ok(chart.id > told.id, "the words come first");
    assert.equal(pictureType(chart.file.bytes), "image/png");
  }
  const output = join(home, "cron", "output");
  const kept = (await readdir(output, { recursive: true })).find((file) => file.endsWith(".png")) ?? assert.fail("no file");
  const bytes = charts(alice)[0]?.file?.bytes ?? assert.fail("no bytes");
  assert.deepEqual(await readFile(join(output, kept)), Buffer.from(bytes));
  assert.equal(await readFile(join(output, kept.replace(/png$/, "md")), "utf8"), `${sales}\n`);

  await writeFile(join(home, "config.yaml"), "timezone: Asia/Shanghai\nterminal: {backend: virtual}\ncron: {charts: false}\n");
  const reports = () => texts(alice).filter((text) => /⏰[^]*That is all/.test(text)).length;
  telegram.say(alice, "/cron run sales");
  await telegram.waitFor(() => reports() === 2, 30_000);
  assert.doesNotMatch(texts(alice).findLast((text) => /⏰[^]*That is all/.test(text)) ?? "", /A = /);
  assert.equal(charts(alice).length, 1);
});

test("the model makes a schedule once the person has said yes, and its run can make none", async () => {
  const wish = { action: "create", schedule: "every 2h", prompt: 'cronjob {"action":"list"}', name: "made" };
  telegram.say(bob, `cronjob ${JSON.stringify(wish)}`);
  await until(bob, /Shall I save this schedule\?[^]*made: every 2h/);
  press(bob, "Save");
  await until(bob, /came: Saved as schedule \d+, "made"/);
  const change = { action: "update", job: "made", script: "echo sneaky", skills: ["tea"] };
  telegram.say(bob, `cronjob ${JSON.stringify(change)}`);
  await until(bob, /Shall I change this schedule\?[^]*made: every 2h[^]*Script that runs first:\s+echo sneaky[^]*Skills: tea/);
  press(bob, "Don't");
  await until(bob, /came: Not saved/);
  telegram.say(bob, "/cron run made");
  await until(bob, /⏰ made[^]*came: /);
  const said = texts(bob).find((text) => /⏰ made/.test(text)) ?? "";
  assert.match(said, /no tool|not run|unknown|isn't|There is no/i);
});

test("/cron says what is wrong, and changes, pauses and removes", async () => {
  for (const [typed, expected] of [
    ["/cron add monday 9:00 x", /"next monday 9:00" or "every monday 9:00"/],
    ["/cron add every 2h", /What is to be done then\?/],
    ["/cron add every 2h x --deliver mars:1", /can't have anything posted to "mars:1"/],
    ["/cron add every 2h x --tz Mars/Phobos", /not a time zone/],
    ["/cron pause nothing", /There is no schedule "nothing"/],
    ["/cron edit market", /Change what\?/],
    ["/cron bogus", /\/cron add/],
    ["/cron pause market", /market is paused/],
    ['/cron edit market --time "every 3h" --name stocks --yes', /Changed[^]*stocks: [^]*every 3h/],
    ["/cron resume stocks", /stocks goes on\. Next on/],
    ["/cron remove stocks", /stocks is removed/],
  ] as const) {
    telegram.say(alice, typed);
    await until(alice, expected);
  }
});
