import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";
import { within } from "../doubles/windowed.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, type Running } from "./service.ts";
import { typed } from "./typed.ts";

const [ada, ben] = [81, 82];

/** Calls the tool that the request spells out, and then says what the tool answered. */
function answerOne(seen: Seen) {
  const { body } = seen;
  const last = body.messages.at(-1);
  if (String(last?.content ?? "").startsWith("measure"))
    return within(100_000, seen, () => say("one two three four ".repeat(20)));
  const [, tool, args] = /^(configuration) (\{.*\})$/.exec(String(last?.content ?? "")) ?? [];
  if (last?.role === "tool") return say(String(last.content));
  return tool === undefined || args === undefined ? say("from one") : call(tool, JSON.parse(args));
}

suite("/model", () => {
  const stack = new AsyncDisposableStack();
  let telegram: TelegramServer;
  let [one, two]: ModelServer[] = [];
  let hermes: Running;
  let home = "";

  before(async () => {
    one = stack.use(await modelServerWith({ strict: false, models: ["alpha"] }, answerOne));
    two = stack.use(await modelServerWith({ strict: false, models: ["beta", "org/gamma"] }, () => say("from two")));
    telegram = stack.use(await telegramServer());
    home = stack.use(await freshHome()).path;
    const servers = `custom_providers:\n  - {name: first, base_url: "${one.url}"}\n  - {name: second, base_url: "${two.url}", model: beta}\n`;
    await writeFile(join(home, "config.yaml"), `# ours\nmodel:\n  provider: first # the quick one\n${servers}`);
    const env = { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, GATEWAY_ALLOW_ALL_USERS: "false" };
    hermes = stack.use(await hostHermes({ home, env }));
    await hermes.printed(/telegram is connected/);
    await letIn(ada, "owner");
    await letIn(ben, "member");
  });
  after(() => stack.disposeAsync());

  test("an owner sees every server's models by number, a member what answers", async () => {
    const menu = await ask(ada, "/model");
    assert.match(menu, /Model: alpha at http:\/\/127[^]*1: alpha \(current\)[^]*2: beta\n[^]*3: org\/gamma[^]*\/model NAME/);
    assert.match(await ask(ben, "/model"), /^Model: alpha at http:\S+$/);
    assert.match(await ask(ben, "/model beta"), /Only an owner or an admin/);
    assert.equal(await ask(ben, "hello"), "from one");
  });

  test("a choice by number or name is this conversation's alone, and goes with its next message", async () => {
    assert.match(await ask(ada, "/model 3"), /uses org\/gamma from the next message on[^]*begins slowly/);
    assert.equal(await ask(ada, "hello"), "from two");
    assert.equal(two?.seen.at(-1)?.body.model, "org/gamma");
    assert.match(await ask(ada, "/model"), /Model: org\/gamma at \S+ \(chosen for this conversation\)/);
    assert.equal(await ask(ben, "hello"), "from one");
    assert.match(await ask(ada, "/model default"), /goes back to the default/);
    assert.equal(await ask(ada, "hello"), "from one");
  });

  test("a name that nobody has gets the list", async () => {
    assert.match(await ask(ada, "/model delta"), /There is no model delta\.[^]*1: alpha/);
    assert.match(await ask(ada, "/model 9"), /There is no model 9\./);
    assert.equal(await ask(ada, "hello"), "from one");
  });

  test("a choice for all is written with its comments kept, and counts without a restart", async () => {
    assert.match(await ask(ada, "/model second:beta --global"), /beta is the default model now\. It is saved in config\.yaml/);
    assert.match(
      await readFile(join(home, "config.yaml"), "utf8"),
      /^# ours\nmodel:\n  provider: second # the quick one\n  default: beta\n/,
    );
    assert.equal(await ask(ben, "hello"), "from two");
    assert.equal(two?.seen.at(-1)?.body.model, "beta");
    assert.match(await ask(ada, "/model global alpha"), /alpha is the default model now/);
    assert.equal(await ask(ben, "hello"), "from one");
  });

  test("a choice whose server is not set up any more falls back to the default", async () => {
    await ask(ada, "/model beta");
    const file = join(home, "config.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("name: second", "name: other"));
    assert.equal(await ask(ada, "hello"), "from one");
  });

  test("the agent itself: an owner's wish is set and told, a member's is refused, and both may ask", async () => {
    const asked = 'configuration {"action":"get","key":"compression"}';
    assert.match(await ask(ben, asked), /compression\.threshold: 0\.8 \(default\)/);
    const wish = 'configuration {"action":"set","key":"auxiliary.compression.model","value":"alpha"}';
    assert.match(await ask(ben, wish), /only an owner or an admin can/);
    assert.match(
      await ask(ada, wish),
      /auxiliary\.compression\.model is alpha now\. It is saved in config\.yaml\. It counts the next time/,
    );
    const file = await readFile(join(home, "config.yaml"), "utf8");
    assert.match(file, /^# ours\n[^]*auxiliary:\n {2}compression:\n {4}model: alpha\n/);
  });

  test("/insights has what was asked, with a picture of the speeds by context; the command line asks the running service", async () => {
    await ask(ada, "/model default");
    await ask(ada, "/new");
    for (const length of [10, 4_000, 9_000]) await ask(ada, `measure ${"some words ".repeat(length / 5)}`);
    const seen = telegram.messages(ada).length;
    telegram.say(ada, "/insights 2 telegram");
    await telegram.waitFor(() => telegram.messages(ada).length > seen + 1);
    const [said, picture] = telegram.messages(ada).slice(seen);
    assert.match(said?.text ?? "", /The last 2 days on telegram[^]*Messages: \d+ from 2 people[^]*Context/);
    assert.deepEqual([picture?.file?.kind, picture?.file?.name], ["photo", "chart.png"]);
    const { stdout } = await run(["insights", "--days", "2"]);
    assert.match(stdout, /^The last 2 days\n[^]*Context \| Calls \| Reading/);
    const figures = JSON.parse((await run(["insights", "--json"])).stdout);
    assert.ok(figures.contexts.length > 1 && figures.asked.people === 2, JSON.stringify(figures));
  });

  /** Sends a text and gives the next message that comes. */
  async function ask(person: number, text: string): Promise<string> {
    const before = telegram.messages(person).length;
    telegram.say(person, text);
    await telegram.waitFor(() => telegram.messages(person).length > before);
    return telegram.messages(person).at(-1)?.text ?? "";
  }

  async function letIn(person: number, role: string): Promise<void> {
    const code = /[2-9A-Z]{8}/.exec(await ask(person, "let me in"))?.[0] ?? "";
    await run(["pairing", "approve", code, role]);
    await telegram.waitFor(() => telegram.messages(person).some((message) => message.text.includes("You're in")));
  }

  async function run(args: readonly string[]): Promise<{ readonly stdout: string }> {
    const said = await typed(home, args);
    assert.equal(said.status, 0, said.stderr);
    return said;
  }
});
