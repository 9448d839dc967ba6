import type { Failure } from "../core/failures.ts";
import type { Effort, ModelAnswer, ModelEvent, ModelFacts, ToolSpec } from "../core/model.ts";
import { buildAnswer, type AnswerBuilder, type WireChunk } from "./answer.ts";
import { isObject, parsed } from "./arguments.ts";
import type { Connection } from "./connection.ts";
import { modes } from "./modes/index.ts";
import type { ModeReader } from "./modes/mode.ts";
import type { Server } from "./server.ts";
import type { ApiMode } from "./settings.ts";
import type { SentEvent } from "./sse.ts";
import { endedEarly, judge, judgeBody, judgeInStream, stalledFailure, type Asked, type Verdict } from "./verdict.ts";
import { watchProgress, type Watch } from "./watch.ts";

/** How one attempt at a request ended. `spoke`: something was shown, so that a second attempt would say it twice. */
export type AttemptEnd =
  | { readonly type: "done"; readonly answer: ModelAnswer }
  | { readonly type: "aborted"; readonly partial: string }
  | {
      readonly type: "trouble";
      readonly verdict: Verdict;
      readonly partial: string;
      readonly spoke: boolean;
      /** A tool call had begun: the answer must not be gone on with from its text. */
      readonly calling: boolean;
    };

export interface AttemptSetting {
  readonly connection: Connection;
  readonly server: Server;
  readonly maxTokens: number | null;
  readonly prefillMs: number;
  readonly stallMs: number;
  /** Fields of this server's own for the request's body (a slot's number, a wish to continue the last message). */
  readonly extras?: Readonly<Record<string, unknown>>;
  /** The answer goes on from the text of the request's last message: white space at its beginning belongs to it. */
  readonly continuing?: boolean;
  /** How to speak to the server; absent or `auto`: as its address tells, or as it was found to speak. */
  readonly mode?: ApiMode | "auto";
  /** What is known of the model, and how much it may think; without either nothing is said of thinking. */
  readonly facts?: ModelFacts | null;
  readonly effort?: Effort;
}

/** What goes over the wire in one exchange. The body is made when the server's model is known. */
export interface Parcel {
  readonly mode: ApiMode;
  /** Tools whose calls are recognised in text too. */
  readonly offered: readonly ToolSpec[];
  pack(): { readonly body: Readonly<Record<string, unknown>>; readonly reader: ModeReader };
}

interface Exchange {
  readonly setting: AttemptSetting;
  readonly watch: Watch;
  readonly builder: AnswerBuilder;
  readonly signal: AbortSignal;
  spoke: boolean;
}

/** Sends one request; yields what can be shown and returns how it ended. Never throws. */
export async function* exchange(
  setting: AttemptSetting,
  parcel: Parcel,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  const watch = watchProgress(signal, setting.prefillMs, setting.stallMs);
  const builder = buildAnswer(parcel.offered, performance.now(), setting.continuing);
  const exchanged: Exchange = { setting, watch, builder, signal, spoke: false };
  try {
    return yield* converse(exchanged, parcel);
  } catch (thrown) {
    return troubleEnd(exchanged, (asked) => judge(thrown, asked));
  } finally {
    watch.end();
  }
}

async function* converse(exchanged: Exchange, { mode, pack }: Parcel): AsyncGenerator<ModelEvent, AttemptEnd> {
  const { watch, builder } = exchanged;
  const { server, connection } = exchanged.setting;
  await server.settle(watch.signal);
  const { body, reader } = pack();
  const opened = await connection.send(mode, server.address, modes[mode].path, body, watch);
  const whole = opened.kind === "other" ? parsed(await opened.text()) : null;
  const chunk = opened.kind === "other" ? reader.whole(whole) : null;
  if (opened.kind === "other" && chunk === null) {
    return troubleEnd(exchanged, (asked) => judgeBody(opened.contentType, whole, asked));
  }
  const moved = server.confirm();
  if (moved !== null) yield moved;
  const fault = opened.kind === "stream" ? yield* follow(exchanged, opened.batches, reader) : yield* takeWhole(exchanged, chunk);
  if (fault !== null) return troubleEnd(exchanged, (asked) => judgeInStream(fault.error, asked));
  if (!builder.finished) return troubleEnd(exchanged, (asked) => ({ kind: "final", failure: endedEarly(asked) }));
  const { events, answer } = builder.end();
  yield* events;
  return { type: "done", answer };
}

/** What a server said went wrong in mid-stream; in a box, for it may be anything. */
interface Fault {
  readonly error: unknown;
}

/** Reads to the end. What goes wrong after the finish reason does not matter any more: the answer is complete. */
async function* follow(
  exchanged: Exchange,
  batches: AsyncIterable<readonly SentEvent[]>,
  reader: ModeReader,
): AsyncGenerator<ModelEvent, Fault | null> {
  const { watch, builder } = exchanged;
  try {
    watch.waiting(true);
    for await (const batch of batches) {
      const read = readBatch(builder, batch, reader);
      // Events that say nothing are no more life than comments.
      if (!read.lives) continue;
      watch.waiting(false);
      for (const shown of read.shown) {
        if (shown.type !== "reading") exchanged.spoke = true;
        yield shown;
      }
      if (read.thrown !== null) throw read.thrown.error;
      if (read.fault !== null) return read.fault;
      if (builder.begun) watch.gotToken();
      if (builder.finished) watch.hurry(usageGraceMs);
      watch.waiting(true);
    }
  } catch (thrown) {
    if (!builder.finished) throw thrown;
  }
  return null;
}

interface ReadBatch {
  readonly shown: ModelEvent[];
  lives: boolean;
  fault: Fault | null;
  /** What is no JSON; what came before it is shown first. */
  thrown: Fault | null;
}

/** What the events of one read of the socket say. */
function readBatch(builder: AnswerBuilder, batch: readonly SentEvent[], reader: ModeReader): ReadBatch {
  const read: ReadBatch = { shown: [], lives: false, fault: null, thrown: null };
  try {
    for (const event of batch) {
      const chunk = chunkOf(event, reader);
      if (chunk === null) continue;
      read.lives = true;
      if (chunk.error && !builder.finished) return { ...read, fault: { error: chunk.error } };
      read.shown.push(...builder.take(chunk));
    }
  } catch (error) {
    return { ...read, lives: true, thrown: { error } };
  }
  return read;
}

async function* takeWhole({ builder }: Exchange, chunk: WireChunk | null): AsyncGenerator<ModelEvent, Fault | null> {
  if (chunk?.error) return { error: chunk.error };
  if (chunk !== null) yield* builder.take(chunk);
  return null;
}

/** How long to wait for the usage and `[DONE]` of a finished answer. */
const usageGraceMs = 2_000;

/** The event as a chunk; null when it says nothing. Throws on what is no JSON: a token would be lost. */
function chunkOf({ name, data }: SentEvent, reader: ModeReader): WireChunk | null {
  if (name === "error") return { error: errorIn(parsed(data) ?? data) };
  if (data === "" || data === "[DONE]") return null;
  const json: unknown = JSON.parse(data);
  if (!isObject(json)) return null;
  return json["error"] ? { error: json["error"] } : reader.event(json);
}

function errorIn(json: unknown): unknown {
  return isObject(json) ? (json["error"] ?? json) : json;
}

/** Whatever the SDK says or leaves out, the two signals decide first: an aborted stream ends without a word. */
function troubleEnd({ setting, watch, builder, spoke, signal }: Exchange, judged: (asked: Asked) => Verdict): AttemptEnd {
  const partial = builder.partial();
  if (signal.aborted) return { type: "aborted", partial };
  const { server } = setting;
  const asked: Asked = { address: server.address, model: server.model, bytes: watch.bytes };
  const verdict = watch.stalled ? ({ kind: "final", failure: stalled(setting, asked) } as const) : judged(asked);
  return { type: "trouble", verdict, partial, spoke, calling: builder.calling };
}

function stalled(setting: AttemptSetting, asked: Asked): Failure {
  return stalledFailure(asked, asked.bytes ? setting.stallMs : setting.prefillMs);
}
