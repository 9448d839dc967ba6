import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { call, calls, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, type Running, startHermes } from "./service.ts";
import { lastOf, openTalk, type TalkRig } from "./talk-rig.ts";

const command = (text: string) => JSON.stringify({ name: "terminal", arguments: { command: text } });
/** One of each kind of form; all ask for the same. */
const forms: Readonly<Record<string, string>> = {
  hermes: `I look.\n<tool_call>\n${command("echo 4711")}\n</tool_call>`,
  qwenCoder: "I look.\n<tool_call>\n<function=terminal>\n<parameter=command>\necho 4711\n</parameter>\n</function>\n</tool_call>",
  mistral: `I look. [TOOL_CALLS][${command("echo 4711")}]`,
  deepSeek:
    'I look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>terminal<｜tool▁sep｜>{"command": "echo 4711"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  harmony:
    '<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.terminal<|message|>{"command": "echo 4711"}<|call|>',
  bare: command("echo 4711"),
  pythonic: "[terminal(command='echo 4711')]",
  madeUp: `I look.\n<tool_call>${command("echo 4711")}</tool_call>\n<tool_response>\n999\n</tool_response>\nIt is 999.`,
};
const markup = /<|[{}]|tool_call|TOOL_CALLS|function=|commentary|to=|[｜▁]|999/;
const shows = (text: string) => markup.test(text);
const letters = (text: string) => say(text, { pieces: text.length, delayMs: 2 });

suite("calls in the text", () => {
  test("are run, and no adapter shows any of them at any time while they stream", async () => {
    const script = (seen: Seen) => {
      const asked = String(seen.body.messages.findLast(({ role }) => role === "user")?.content ?? "");
      if (seen.body.messages.at(-1)?.role === "tool") return say(`It is ${lastOf(seen)}.`);
      const form = Object.keys(forms).find((name) => asked.includes(name));
      return letters(forms[form ?? ""] ?? "no such form");
    };
    await using model = await modelServerWith({ strict: false }, script);
    await using home = await freshHome();
    await using telegram = await telegramServer({});
    const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
    await using hermes = startHermes({ mode: "start", home: home.path, env });
    const address = await addressOf(hermes);
    await hermes.printed(/telegram is connected/);
    await using live = await openLive(address);
    const names = Object.keys(forms);
    for (const [at, name] of names.entries()) telegram.say(2_000 + at, name);
    for (const name of names) await live.ask(name);
    const shown = (at: number) => telegram.messages(2_000 + at).some(({ text }) => text.includes("It is 4711"));
    await telegram.waitFor(() => names.every((_, at) => shown(at)), 30_000);
    await live.shown(/It is 4711/);
    const sent = telegram.calls.flatMap(({ params }) => (typeof params["text"] === "string" ? [params["text"]] : []));
    assert.ok(
      sent.some((text) => text.includes("I look")),
      "something was streamed",
    );
    assert.deepEqual(sent.filter(shows), []);
    assert.ok(
      live.seen.some((text) => text.includes("I look")),
      "something was streamed to the page",
    );
    // Ids are random: one may look like anything.
    const isId = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
    assert.deepEqual(
      live.seen.filter((text) => shows(text) && !isId(text)),
      [],
    );
  });
});

const patienceMs = 30_000;

/** The page, asked and watched as its own script does it; what was shown is every text of every event, without HTML's own tags. */
async function openLive(address: string) {
  const { origin } = new URL(address);
  const cookie = (await fetch(address)).headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const stop = new AbortController();
  const { body } = await fetch(`${origin}/api/events`, { headers: { cookie }, signal: stop.signal });
  const seen: string[] = [];
  const watchers = new Set<() => void>();
  const read = async () => {
    let rest = "";
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("data: ")) seen.push(...textsIn(JSON.parse(line.slice("data: ".length))));
      for (const watcher of watchers) watcher();
    }
  };
  const post = async (path: string, given: object) => {
    const headers = { cookie, origin, "content-type": "application/json" };
    await fetch(`${origin}/api/${path}`, { method: "POST", headers, body: JSON.stringify({ ...given, id: randomUUID() }) });
  };
  const reading = read().catch(() => undefined); // ended by us
  return {
    seen,
    ask: (text: string) => post("messages", { text }),
    stop: () => post("stop", { turn: null }),
    /** Resolves when a text like this was shown. */
    shown: async (pattern: RegExp) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => (seen.some((text) => pattern.test(text)) ? resolve() : undefined);
      const late = setTimeout(() => reject(new Error(`never shown ${pattern}: ${seen.slice(-20).join(" | ")}`)), patienceMs);
      watchers.add(look);
      look();
      await promise.finally(() => clearTimeout(late));
      watchers.delete(look);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await reading;
    },
  };
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value.replaceAll(/<\/?[a-z][^<>]*>/g, "").replaceAll("&lt;", "<")];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

suite("several calls in one step", () => {
  let rig: TalkRig;
  before(async () => {
    rig = await openTalk();
  });
  after(() => rig[Symbol.asyncDispose]());
  const results = (seen: Seen | undefined) => (seen?.body.messages ?? []).filter(({ role }) => role === "tool");
  const wanted = (seen: Seen | undefined) => seen?.body.messages.findLast(({ tool_calls }) => tool_calls)?.tool_calls ?? [];

  test("both run, in order, and their results stand in order under their ids", async () => {
    const { seen } = await rig.ask("twice", (_request, count) =>
      count === 0
        ? calls([
            { name: "terminal", args: { command: "sleep 0.2; echo one >> t.txt; echo first" } },
            { name: "terminal", args: { command: "echo two >> t.txt; cat t.txt" } },
          ])
        : say("done"),
    );
    assert.deepEqual(
      results(seen[1]).map(({ content }) => content),
      ["first", "one\ntwo"],
    );
    assert.deepEqual(
      results(seen[1]).map(({ tool_call_id }) => tool_call_id),
      wanted(seen[1]).map(({ id }) => id),
    );
  });

  test("two under one id are two calls with ids of their own; the same call twice under one id is one", async () => {
    const { seen } = await rig.ask("ids", (_request, count) => {
      const echo = (text: string) => ({ name: "terminal", args: { command: `echo ${text}` }, id: "same" });
      if (count === 0) return calls([echo("a"), echo("b")]);
      return count === 1 ? calls([echo("c >> c.txt; wc -l < c.txt"), echo("c >> c.txt; wc -l < c.txt")]) : say("done");
    });
    assert.deepEqual(
      results(seen[1]).map(({ content }) => content),
      ["a", "b"],
    );
    assert.equal(new Set(wanted(seen[1]).map(({ id }) => id)).size, 2);
    assert.equal(results(seen[2]).length, 3);
    assert.match(String(results(seen[2])[2]?.content), /^\s*1\s*$/);
  });

  test("words beside calls stay with them, and a good call is run beside one of nobody's", async () => {
    const { seen, answer } = await rig.ask("mixed", (_request, count) =>
      count === 0
        ? calls(
            [
              { name: "make_coffee", args: {} },
              { name: "terminal", args: { command: "echo ran" } },
            ],
            { text: "First coffee." },
          )
        : say("done"),
    );
    assert.equal(answer, "done");
    assert.match(String(results(seen[1])[0]?.content), /no tool named "make_coffee"/);
    assert.equal(results(seen[1])[1]?.content, "ran");
    assert.equal(seen[1]?.body.messages.find(({ tool_calls }) => tool_calls)?.content, "First coffee.");
  });
});

suite("a step that is broken off", () => {
  const results = (seen: Seen | undefined) => (seen?.body.messages ?? []).filter(({ role }) => role === "tool");

  test("stopped during the first of two calls, the second is not run", async () => {
    await using model = await modelServerWith({ strict: false }, (_seen, count) => {
      if (count === 0)
        return calls([
          { name: "terminal", args: { command: "sleep 20" } },
          { name: "terminal", args: { command: "echo two >> s.txt" } },
        ]);
      return count === 1 ? call("terminal", { command: "ls" }) : say("All told.");
    });
    await using home = await freshHome();
    await using hermes = await hostHermes({ home: home.path, env: { OPENAI_BASE_URL: model.url } });
    await using live = await openLive(await addressOf(hermes));
    await live.ask("begin");
    await live.shown(/sleep 20/);
    await live.stop();
    await live.shown(/Stopped/);
    await live.ask("and now?");
    await live.shown(/All told/);
    assert.doesNotMatch(String(results(model.seen[2]).at(-1)?.content), /s\.txt/);
    assert.equal(model.seen.length, 3);
  });

  test("killed during a call, it is not run again: the model is told that nobody knows how it ended", async () => {
    await using model = await modelServerWith({ strict: false }, (_seen, count) => {
      if (count === 0) return call("terminal", { command: "sleep 20; echo ran again" });
      return count === 1 ? call("terminal", { command: "echo next" }) : say("All told.");
    });
    await using home = await freshHome();
    const start = () => startHermes({ mode: "start", home: home.path, env: { OPENAI_BASE_URL: model.url } });
    await using first = start();
    await using before = await openLive(await addressOf(first));
    await before.ask("begin");
    await before.shown(/sleep 20/);
    await first.kill("SIGKILL");
    await using second = start();
    await addressOf(second);
    await model.arrived(3);
    assert.match(String(results(model.seen[2])[0]?.content), /outcome of this terminal call is unknown/);
    assert.equal(results(model.seen[2])[1]?.content, "next");
  });
});

async function addressOf(hermes: Running): Promise<string> {
  return (await hermes.printed(/Open (http:\S+)/))[1] ?? "";
}
