import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, single } from "./figures.ts";
import { openRig, residentMb, type Rig, stateNames, states } from "./rig.ts";

const privateChats = 40;
const groups = 10;
const tokensPerSecond = 20;
const seconds = 12;
/** Timers on both sides end up to this much early or late. */
const slackMs = 25;
const privateMs = 1_500;
const groupMs = 4_000;

/** Many chats stream at once in one process: does its event loop breathe, and does each chat's pace keep the platform's limits? */
export const streaming: Row = {
  name: "streaming",
  title: `${privateChats + groups} chats streaming at once, ${tokensPerSecond} tokens/s each`,
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      const words = Array.from({ length: tokensPerSecond * seconds }, (_, index) => `word${index} `).join("");
      const pace = { pieces: tokensPerSecond * seconds, delayMs: 1_000 / tokensPerSecond };
      await using rig = await openRig(state, () => say(words, pace));
      const { process } = await rig.start();
      const page = (await process.printed(/Open (http:\S+)/))[1] ?? "";
      const chats = [...numbers(privateChats), ...numbers(groups).map((number) => -number)];
      for (const chat of chats) rig.telegram.say(chat, `@${rig.telegram.bot.username} tell me a story`);
      await rig.model.arrived(chats.length);
      await loopDelayMs(page); // begins a new reading
      await sleep((seconds * 1_000) / 2);
      const delay = await loopDelayMs(page);
      const memory = await residentMb(process);
      await rig.telegram.waitFor(() => chats.every((chat) => done(rig, chat)), seconds * 1_000);
      figures.push(...figuresOf(stateNames[state], rig, delay, memory));
    }
    return figures;
  },
};

function figuresOf(state: string, rig: Rig, delay: number, memory: number): readonly Figure[] {
  const { calls } = rig.telegram;
  const refused = calls.filter((call) => call.status === 429).length;
  const shortest = (wanted: (chat: number) => boolean) => Math.min(...gaps(rig, wanted));
  const previews = calls.filter((call) => isPreview(call.method)).length;
  return [
    single(`${state}, event-loop delay p99`, delay, "ms", { atMost: 50 }, `${memory.toFixed(0)} MB resident meanwhile`),
    single(
      `${state}, shortest gap, private`,
      shortest(isPrivate),
      "ms",
      { atLeast: privateMs - slackMs },
      `${previews} previews`,
    ),
    single(
      `${state}, shortest gap, groups`,
      shortest((chat) => !isPrivate(chat)),
      "ms",
      { atLeast: groupMs - slackMs },
    ),
    single(`${state}, answers 429`, refused, "", { atMost: 0 }),
  ];
}

/** Times between neighbouring previews of one chat. */
function gaps(rig: Rig, wanted: (chat: number) => boolean): readonly number[] {
  const at = new Map<number, number[]>();
  for (const call of rig.telegram.calls) {
    const chat = Number(call.params["chat_id"]);
    if (!isPreview(call.method) || !wanted(chat) || isFinal(rig, chat, call.params)) continue;
    at.set(chat, [...(at.get(chat) ?? []), call.at]);
  }
  return [...at.values()].flatMap((each) => each.slice(1).map((time, index) => time - (each[index] ?? Number.NaN)));
}

function isPreview(method: string): boolean {
  return /Draft$|^editMessageText$|^sendMessage$/.test(method);
}

/** The answer itself: it does not wait for the previews' pace. */
function isFinal(rig: Rig, chat: number, params: Readonly<Record<string, unknown>>): boolean {
  return JSON.stringify(params).includes(lastWord) && done(rig, chat);
}

const lastWord = `word${tokensPerSecond * seconds - 1}`;

function done(rig: Rig, chat: number): boolean {
  return rig.telegram.messages(chat).some((message) => message.text.includes(lastWord));
}

function isPrivate(chat: number): boolean {
  return chat > 0;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 1_000 + index);
}

/** The 99th percentile since the last reading, from the service's own metrics. */
export async function loopDelayMs(page: string): Promise<number> {
  const text = await (await fetch(new URL("/metrics", page))).text();
  const found = /^hermes_event_loop_delay_seconds\{quantile="0\.99"\} (\S+)$/m.exec(text);
  return Number(found?.[1] ?? Number.NaN) * 1_000;
}
