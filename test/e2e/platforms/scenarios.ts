import assert from "node:assert/strict";
import { kept } from "../../../src/core/maps.ts";
import { call, type ModelServer, say, type Seen } from "../../doubles/model-server.ts";
import { type Driver, type Line, remark, type Talk } from "./driver.ts";
import { learningAnswer, walkThrough } from "./learning.ts";

/** What a scenario works with. */
export interface Scene {
  readonly driver: Driver;
  readonly model: ModelServer;
  /** Ends the service with SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Lets an answer go on that is told slowly. */
  goOn(word: string): void;
}

const slowly = "one two three four five six seven eight nine ten. ".repeat(8).trim();
const paragraphs = 180;
/** Longer than one message may be on most platforms. */
const lengthy = `${Array.from({ length: paragraphs }, (_, at) => `Paragraph ${at} has some words, to fill it.\n\n`).join("")}the end`;
const note = { name: "note.txt", bytes: Buffer.from("the code word is heron") };

/** The model: what a request says decides how it is answered. What is told slowly stops in the middle until it is let go on, by its last word. */
export function storyteller() {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (word: string) => kept(gates, word, () => Promise.withResolvers<void>());
  return {
    goOn: (word: string) => gate(word).resolve(),
    answer(seen: Seen) {
      const learnt = learningAnswer(seen);
      if (learnt !== null) return learnt;
      const { messages } = seen.body;
      const people = messages.filter(({ role }) => role === "user").map(({ content }) => String(content));
      const text = people.at(-1) ?? "";
      const last = messages.at(-1);
      const word = /slowly: (\w+)/.exec(text)?.[1];
      if (last?.role === "tool") return say(`came: ${String(last.content)}`);
      if (word !== undefined) return say(slowly, { gate: gate(word).promise });
      if (text.includes("which one")) return call("clarify", { question: "Which?", choices: ["red", "blue"] });
      if (text.includes("clean up")) return call("terminal", { command: "mkdir -p old; rm -rf old; echo all clean" });
      if (text.includes("write it down")) return call("write_file", { path: "down.txt", content: "words" });
      if (text.includes("what is in it")) return say(/code word is \w+/.exec(text)?.[0] ?? "nothing");
      if (text.includes("give it back")) return say(`Here.\n\nMEDIA:${/inbox\/\S+?\.txt/.exec(people.join())?.[0] ?? "nothing"}`);
      if (text.includes("at length")) return say(lengthy);
      if (text.includes("how many")) return say(`I know of ${people.length}`);
      return say(`echo ${text}`);
    },
  };
}

const texts = (lines: readonly Line[]) => lines.map(({ text }) => text);
const said = (talk: Talk, text: string) => talk.until((lines) => lines.some((line) => line.written && line.text.endsWith(text)));
const writing = (talk: Talk) => talk.until((lines) => lines.some(({ text, written }) => !written && text.startsWith("one two")));
/** How many lines end so, once all that was said before `mark` has been answered. */
async function count(talk: Talk, text: string, mark: string): Promise<readonly string[]> {
  await talk.say(mark);
  return await talk.until(
    (lines) => lines.some((line) => line.text.endsWith(`echo ${mark}`)) && texts(lines).filter((each) => each.endsWith(text)),
  );
}

/** One thing that every platform must do. */
export interface Scenario {
  readonly name: string;
  run(scene: Scene): Promise<void>;
}

/**
 * What every platform must do, in the words of its people. The list is walked in this order: those `together` at the same time, `restart`
 * alone in between. Those that watch an answer grow come first, while nothing has been streamed yet: platforms ration that.
 */
export const scenarios: readonly Scenario[] = [
  {
    name: "stream",
    async run({ driver, goOn }: Scene) {
      const talk = await driver.talk();
      await talk.say("say it slowly: stream");
      await writing(talk);
      goOn("stream");
      await said(talk, slowly);
      assert.deepEqual(await count(talk, slowly, "done"), [slowly]);
    },
  },
  {
    name: "stop",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("say it slowly: endless");
      await writing(talk);
      await talk.stop();
      await talk.until((lines) => lines.some(({ text, written }) => written && /^one two[^]*Stopped here/.test(text)));
      await talk.say("hello");
      await said(talk, "echo hello");
    },
  },
  {
    name: "connection cut in the middle of an answer",
    async run({ driver, goOn }: Scene) {
      const talk = await driver.talk();
      await talk.say("say it slowly: cut");
      await writing(talk);
      driver.cut();
      await talk.say("meanwhile");
      goOn("cut");
      await said(talk, slowly);
      await talk.until((lines) => lines.some(({ text }) => text.includes("meanwhile")));
      assert.equal((await count(talk, slowly, "finally")).length, 1);
    },
  },
  {
    name: "place deleted in the middle of an answer",
    async run({ driver, goOn }: Scene) {
      const [gone, other] = await driver.threads();
      await other.say("how many?");
      await said(other, "I know of 1");
      await gone.say("say it slowly: deleted");
      await gone.until((lines) => lines.length > 0);
      driver.remove(gone);
      goOn("deleted");
      await other.say("how many now?");
      await said(other, "I know of 2");
    },
  },
  {
    name: "restart",
    async run({ driver, goOn, kill, start }: Scene) {
      const talk = await driver.talk();
      await talk.say("say it slowly: restart");
      await writing(talk);
      await kill();
      goOn("restart");
      driver.forget();
      const late = talk.say("while you were away");
      await start();
      await late;
      await said(talk, slowly);
      await said(talk, "echo while you were away");
      assert.equal((await count(talk, slowly, "welcome back")).length, 1);
      assert.equal((await count(talk, "echo while you were away", "and again")).length, 1);
    },
  },
  {
    name: "message",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("hello");
      await said(talk, "echo hello");
      await talk.say("how many?");
      await said(talk, "I know of 2");
      // What is in the record may be shown before its preview has gone.
      const settled = await talk.until((lines) => lines.every(({ written }) => written) && texts(lines));
      assert.deepEqual(settled, ["echo hello", "I know of 2"]);
    },
  },
  {
    name: "buttons of a question",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("which one?");
      const asked = await talk.until((lines) => lines.find(({ buttons }) => buttons.includes("blue")));
      assert.deepEqual([asked.text.includes("Which?"), asked.buttons], [true, ["red", "blue"]]);
      await talk.press("blue");
      await talk.until((lines) => lines.some(({ text }) => /^came: [^]*blue/.test(text)));
      await talk.until((lines) => lines.some(({ text, buttons }) => /Which\?[^]*: blue/.test(text) && buttons.length === 0));
    },
  },
  {
    name: "buttons of an approval",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("clean up");
      const asked = await talk.until((lines) => lines.find(({ buttons }) => buttons.includes("Once")));
      assert.match(asked.text, /May I run this\?[^]*rm -rf old/);
      await talk.press("Once");
      await said(talk, "came: all clean");
      await talk.until((lines) => lines.some(({ text, buttons }) => /rm -rf old[^]*: Once/.test(text) && buttons.length === 0));
    },
  },
  {
    name: "command",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("how many?");
      await said(talk, "I know of 1");
      await talk.command("help");
      await talk.until((lines) => lines.some(({ text }) => /\/new\b[^]*\/status\b/.test(text)));
      await talk.command("new");
      await talk.until((lines) => lines.length >= 3);
      await talk.say("how many?");
      await talk.until((lines) => texts(lines).filter((text) => text === "I know of 1").length === 2);
    },
  },
  {
    name: "file in and out",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("what is in it?", note);
      await said(talk, "code word is heron");
      await talk.say("give it back");
      const { file } = await talk.until((lines) => lines.find((line) => line.file !== null));
      assert.match(file?.name ?? "", /note\.txt$/);
      assert.deepEqual(file?.bytes, note.bytes);
      const all = await count(talk, "", "and then");
      assert.equal(all.filter((text) => text.endsWith("Here.")).length, 1, all.join(" | "));
    },
  },
  {
    name: "thread",
    async run({ driver }: Scene) {
      const [one, other] = await driver.threads();
      await one.say("how many?");
      await said(one, "I know of 1");
      await other.say("how many?");
      await said(other, "I know of 1");
      await one.say("how many now?");
      await said(one, "I know of 2");
      assert.deepEqual(await other.until(texts), ["I know of 1"]);
    },
  },
  {
    name: "long answer",
    async run({ driver }: Scene) {
      const talk = await driver.talk();
      await talk.say("tell me at length");
      await said(talk, "the end");
      const whole = (await talk.until(texts)).join("\n");
      assert.deepEqual(
        [...whole.matchAll(/Paragraph (\d+) has/g)].map(([, number]) => Number(number)),
        Array.from({ length: paragraphs }, (_, at) => at),
      );
    },
  },
  {
    name: "burst",
    async run({ driver, model }: Scene) {
      const talk = await driver.talk();
      const parts = ["first of a burst", "second of a burst", "third of a burst"];
      for (const part of parts) await talk.say(part);
      await talk.until((lines) => lines.some(({ text }) => text.includes("third of a burst")));
      const known = model.seen.map(({ body }) =>
        body.messages.filter(({ role }) => role === "user").map(({ content }) => String(content)),
      );
      const whole = known.findLast((each) => each.some((text) => text.includes("third of a burst"))) ?? [];
      const heard = whole.join("\n").match(/\w+ of a burst/g);
      assert.deepEqual(heard, parts);
    },
  },
  {
    name: "duplicate",
    async run({ driver, model }: Scene) {
      const talk = await driver.talk();
      const again = await talk.say("only once");
      await again();
      await said(talk, "echo only once");
      await again();
      assert.equal((await count(talk, "echo only once", "after it")).length, 1);
      const asked = model.seen.filter(({ body }) => String(body.messages.at(-1)?.content).endsWith("only once"));
      assert.equal(asked.length, 1);
    },
  },
  {
    name: "all arrive when told in the wrong order",
    async run({ driver }: Scene) {
      const words = ["north", "east", "south"];
      const talks: Talk[] = [];
      for (const _ of words) talks.push(await driver.talk());
      const release = driver.disorder();
      for (const [at, word] of words.entries()) await talks[at]?.say(word);
      release();
      for (const [at, word] of words.entries()) await said(talks[at] ?? assert.fail(), `echo ${word}`);
    },
  },
  {
    name: "429",
    async run({ driver }: Scene) {
      const [slow, other] = [await driver.talk(), await driver.talk()];
      const relent = driver.trouble(slow, "limit");
      await slow.say("patience");
      await other.say("hello");
      await said(other, "echo hello");
      assert.ok(!(await slow.until(texts)).some((text) => text.includes("patience")));
      relent();
      await said(slow, "echo patience");
      assert.equal((await count(slow, "echo patience", "and now")).length, 1);
    },
  },
  {
    name: "unknown outcome",
    async run({ driver }: Scene) {
      for (const trouble of ["lost", "garbled"] as const) {
        const talk = await driver.talk();
        driver.trouble(talk, trouble);
        await talk.say(`was it ${trouble}?`);
        await said(talk, `was it ${trouble}?`);
        const [first, ...others] = await count(talk, `echo was it ${trouble}?`, "and after");
        assert.equal(first, `echo was it ${trouble}?`);
        assert.equal(others.length, driver.repeats ? 1 : 0, others.join(" | "));
        assert.ok(others.every((text) => remark.test(text)));
      }
    },
  },
  {
    name: "person renamed",
    async run({ driver }: Scene) {
      const [talk] = await driver.threads();
      await talk.say("how many?");
      await said(talk, "I know of 1");
      driver.rename(talk, "Somebody Else");
      await talk.say("how many are we?");
      await said(talk, "I know of 2");
    },
  },
  { name: "teach, install, write, schedule, delegate", run: async ({ driver }: Scene) => await walkThrough(driver) },
];
