import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { conversation, group, isTitling, sessionModel, sessionWindow } from "../test/doubles/long-session.ts";
import { call, type Responder, say, type Seen } from "../test/doubles/model-server.ts";
import { isSummary } from "../test/doubles/windowed.ts";
import { type Figure, type Row, single } from "./figures.ts";
import { readByServer } from "./prefix-replay.ts";
import { finalCall, openRig } from "./rig.ts";

const turns = 20;
const atLeastPercent = 99.5;
/** With a memory write, a proposed skill, a second speaker and one compression, which has to read everything behind the head once more. */
const longAtLeastPercent = 95;

/** How much of a request's bytes stands unchanged at the beginning of the next one: what a server's prefix cache can reuse. */
export const prefix: Row = {
  name: "prefix",
  title: "byte-identical prefix",
  measure: async () => [...(await plainTurns()), ...(await longSession())],
};

async function plainTurns(): Promise<readonly Figure[]> {
  await using rig = await openRig("embedded", (seen) =>
    seen.body.messages.at(-1)?.role === "user" && lastText(seen).includes("command")
      ? call("terminal", { command: "echo $((6 * 7))" }, { text: "I'll run it." })
      : say("an answer of a few words"),
  );
  await rig.start();
  for (let number = 0; number < turns; number += 1) {
    const answered = rig.traffic.next("answered", finalCall);
    await rig.say(700, number % 2 === 0 ? `question ${number}` : `run command ${number}`);
    await answered;
  }
  const shares = sharesOf(rig.model.seen);
  const worst = 100 * Math.min(...shares.map(({ shared, bytes }) => shared / bytes));
  const note = `${rig.model.seen.length} requests of ${turns} turns; the worst one ${worst.toFixed(2)} %`;
  return [single("plain and tool turns", percent(shares), "%", { atLeast: atLeastPercent }, note)];
}

async function longSession(): Promise<readonly Figure[]> {
  const seen = await playLong();
  const all = seen.filter((each) => !isTitling(each) && !isSummary(each));
  const what = `${all.length} requests of ${conversation.length} turns: tools, a memory write, a proposed skill, two people, one compression`;
  const bytes = single("long session", percent(sharesOf(all)), "%", { atLeast: longAtLeastPercent }, what);
  const read = readTokens(all);
  const uncached = sum(all.map((each) => tokens(serialised(each))));
  const ideal = `${perTurn(read.fresh)} new ones a turn; without a cache ${uncached.toLocaleString("en")} would be read`;
  const double = single(
    "  read again, of all its turns",
    read.again,
    "tokens",
    null,
    `o200k; ${perTurn(read.again)} a turn beside ${ideal}`,
  );
  const server = process.env["HERMES_BENCH_SERVER"];
  return [bytes, double, ...(server === undefined ? [] : await readByServer(server, seen, conversation.length))];
}

/** The whole session over the real way; waits for each answer at the model, since a group gets its messages at Telegram's pace. */
async function playLong(): Promise<readonly Seen[]> {
  const answers = new Map(conversation.map((_, turn) => [turn, Promise.withResolvers<void>()]));
  const responder: Responder = sessionModel((turn) => answers.get(turn)?.resolve());
  await using rig = await openRig("embedded", responder, `model:\n  context_length: ${sessionWindow}\n`);
  await rig.start();
  for (const [turn, { from, text }] of conversation.entries()) {
    rig.telegram.say(group, `@${rig.telegram.bot.username} ${text}`, { from });
    await answers.get(turn)?.promise;
  }
  return [...rig.model.seen];
}

interface Reading {
  /** Tokens that an earlier request held at another place: what breaking the prefix costs. */
  readonly again: number;
  readonly fresh: number;
}

/** What a server reads that has the last request in its cache. What stood in it before is read again, the rest is new. */
function readTokens(requests: readonly Seen[]): Reading {
  const readings = requests.map((seen, at): Reading => {
    const before = at === 0 ? [] : partsOf(requests[at - 1]);
    const now = partsOf(seen);
    const kept = now.findIndex((part, place) => part !== before[place]);
    const rest = kept < 0 ? [] : now.slice(kept);
    const known = new Set(before);
    const again = sum(rest.filter((part) => known.has(part)).map(tokens));
    return { again, fresh: sum(rest.map(tokens)) - again };
  });
  return { again: sum(readings.map(({ again }) => again)), fresh: sum(readings.map(({ fresh }) => fresh)) };
}

function perTurn(count: number): string {
  return Math.round(count / conversation.length).toLocaleString("en");
}

function tokens(text: string): number {
  return encode(text, { allowedSpecial: "all" }).length;
}

/** In the order in which chat templates lay a request out: tools, then messages. */
function partsOf(seen: Seen | undefined): readonly string[] {
  return [...(seen?.body.tools ?? []), ...(seen?.body.messages ?? [])].map((part) => JSON.stringify(part));
}

function serialised(seen: Seen): string {
  return partsOf(seen).join("\n");
}

interface Share {
  readonly shared: number;
  readonly bytes: number;
}

function sharesOf(requests: readonly Seen[]): readonly Share[] {
  const texts = requests.map(serialised);
  return texts.slice(1).map((next, index) => sharedBytes(texts[index] ?? "", next));
}

function percent(shares: readonly Share[]): number {
  return (100 * sum(shares.map(({ shared }) => shared))) / sum(shares.map(({ bytes }) => bytes));
}

function sharedBytes(before: string, after: string): Share {
  const [one, other] = [Buffer.from(before), Buffer.from(after)];
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared += 1;
  return { shared, bytes: one.length };
}

function lastText(seen: Seen): string {
  return seen.body.messages.at(-1)?.content ?? "";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
