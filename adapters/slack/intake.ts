import type { Inlet } from "../../src/core/adapter.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Log } from "../../src/core/log.ts";
import { isImpatient, takeSoon } from "./commands.ts";
import { type Fields, fields, text } from "./fields.ts";
import { type Reading, toInbound } from "./inbound.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";

/** Takes what Slack tells into the inbox. */
export interface Intake {
  /**
   * Resolves when it may be acknowledged: it is stored, or needs no storing; or it is a command or a button, for which Slack waits no longer.
   * Rejects when we are closing, or too much waits.
   */
  take(body: Fields): Promise<void>;
  /** Resolves when all that was acknowledged before it was stored is stored, or refused. */
  idle(): Promise<void>;
}

export interface IntakeParts {
  readonly reading: Reading;
  readonly inlet: Inlet;
  /** What is not for the inbox, such as that somebody opened our page. Never throws. */
  aside(body: Fields): void;
  /** What has been stored, or was nothing to store. */
  taken(body: Fields, inbound: Inbound | null): void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const firstMs = 250;
const longestMs = 10_000;
/** More than this is left to Slack, which tells a message again three times, and its sender that a command has failed. */
const mostHeld = 1_000;

interface Waiting {
  readonly body: Fields;
  readonly at: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Slack gives an event up after three more tries within six minutes; so while the record is away we hold what we were told, and go on
 * trying. Slack keeps no order among its events: of those of one channel that are here at once, the oldest goes first. A command, a
 * button and a pressed Stop are in no line: what is before them may wait for people's names.
 */
export function createIntake(parts: IntakeParts): Intake {
  const lanes = new Map<string, Waiting[]>();
  const soon = new Set<Promise<unknown>>();
  let held = 0;
  const run = async (lane: string, waiting: Waiting[]): Promise<void> => {
    // What Slack sent in one go is all read first.
    await new Promise(setImmediate);
    for (let next = first(waiting); next; next = first(waiting)) await takeOne(parts, next.body).then(next.resolve, next.reject);
    lanes.delete(lane);
  };
  const inLine = (body: Fields): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const lane = laneOf(body);
    const waiting = lanes.get(lane) ?? [];
    waiting.push({ body, at: momentOf(body), resolve, reject });
    if (!lanes.has(lane)) {
      lanes.set(lane, waiting);
      void run(lane, waiting);
    }
    return promise;
  };
  return {
    async take(body) {
      parts.aside(body);
      const impatient = isImpatient(body);
      if ((impatient ? soon.size : held) >= mostHeld) throw new Error("too much waits to be stored");
      if (impatient) {
        const { acknowledged, over } = takeSoon({ ...parts, names: parts.reading.names }, body, once(parts, body));
        soon.add(over);
        void over.then(() => soon.delete(over));
        await acknowledged;
        return;
      }
      held += 1;
      await (isStop(body) ? takeOne(parts, body) : inLine(body)).finally(() => {
        held -= 1;
      });
    },
    async idle() {
      await Promise.all(soon);
    },
  };
}

/** Takes out what happened first; of what happened at the same moment, what came first. */
function first(waiting: Waiting[]): Waiting | undefined {
  const at = Math.min(...waiting.map((each) => each.at));
  const index = waiting.findIndex((each) => each.at === at);
  return index < 0 ? undefined : waiting.splice(index, 1)[0];
}

/** When it happened by Slack's clock, in seconds; what has no time of Slack's happened just now. */
function momentOf(body: Fields): number {
  const event = fields(body["event"]);
  const at = Number(text(event["event_ts"]) ?? text(event["ts"]) ?? Number.NaN);
  return Number.isFinite(at) ? at : Date.now() / 1_000;
}

async function takeOne(parts: IntakeParts, body: Fields): Promise<void> {
  const store = once(parts, body);
  const delays = backoff(firstMs, longestMs);
  for (;;) {
    try {
      return await store();
    } catch (error) {
      await pause(delays.next(), parts.signal);
      if (parts.signal.aborted) throw error;
    }
  }
}

/** One attempt to store it at each call; it is read at the first. */
function once(parts: IntakeParts, body: Fields): () => Promise<void> {
  let reading: Promise<Inbound | null> | null = null;
  return async () => {
    const inbound = await (reading ??= read(parts, body));
    if (inbound) await parts.inlet.receive(inbound);
    parts.taken(body, inbound);
  };
}

/** An event that can't be read is skipped: Slack would only tell the same again. */
async function read({ reading, log }: IntakeParts, body: Fields): Promise<Inbound | null> {
  try {
    return await toInbound(reading, body);
  } catch (error) {
    log.warn({ reason: error instanceof Error ? error.message : "unknown" }, "an event of Slack's made no sense and was skipped");
    return null;
  }
}

/** A pressed Stop waits behind nothing. */
function isStop(body: Fields): boolean {
  return fields(body["event"])["type"] === "agent_session_stopped";
}

function laneOf(body: Fields): string {
  return text(fields(body["event"])["channel"]) ?? "";
}
