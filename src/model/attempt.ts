import type { Failure } from "../core/failures.ts";
import type { Effort, ModelAnswer, ModelEvent, ModelFacts, ModelRequest } from "../core/model.ts";
import { buildAnswer, type AnswerBuilder, type WireChunk } from "./answer.ts";
import { parsed } from "./arguments.ts";
import { type Approach, approachTo, bodyOf, nextApproach, offeredBy } from "./approach.ts";
import type { Connection, Opened } from "./connection.ts";
import { chunksOf } from "./events.ts";
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
  /** What is known of the model and how much it may think; without either nothing is said of thinking. */
  readonly facts?: ModelFacts | null;
  readonly effort?: Effort;
}

/**
 * Sends the request; yields what can be shown and returns how it ended. Never throws. It is sent again at once, in another way, when only
 * the way was wrong: another endpoint, less of the server's help with calls, no thinking.
 */
export async function* attempt(
  setting: AttemptSetting,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  let approach = approachTo(setting);
  for (;;) {
    const end = yield* send(setting, request, approach, signal);
    const next = signal.aborted ? null : await nextApproach(setting, request, approach, end, signal);
    if (next === null) return approach.answered !== null && end.type === "trouble" ? approach.answered : end;
    if (next.notice !== null) yield { type: "notice", text: next.notice };
    approach = next;
  }
}

/** One request and what came of it. */
interface Exchange {
  readonly setting: AttemptSetting;
  readonly watch: Watch;
  readonly builder: AnswerBuilder;
  readonly signal: AbortSignal;
  spoke: boolean;
}

async function* send(
  setting: AttemptSetting,
  request: ModelRequest,
  approach: Approach,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  const watch = watchProgress(signal, setting.prefillMs, setting.stallMs);
  const builder = buildAnswer(offeredBy(request), performance.now(), setting.continuing);
  const exchange: Exchange = { setting, watch, builder, signal, spoke: false };
  try {
    return yield* converse(exchange, request, approach);
  } catch (thrown) {
    return troubleEnd(exchange, () => judge(thrown, asked(exchange)));
  } finally {
    watch.end();
  }
}

async function* converse(
  exchange: Exchange,
  request: ModelRequest,
  approach: Approach,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  const { setting, watch, builder } = exchange;
  const { server, connection } = setting;
  await server.settle(watch.signal);
  const mode = modes[approach.mode];
  const { body, wire } = bodyOf(setting, request, approach);
  const opened = await connection.send(approach.mode, server.address, mode.path, body, watch);
  const reader = mode.reader(request, wire);
  const read = await readable(opened, reader);
  if (read.type === "stranger") return troubleEnd(exchange, () => judgeBody(read.contentType, read.body, asked(exchange)));
  const moved = server.confirm();
  if (moved !== null) yield { type: "notice", text: moved };
  const fault = yield* follow(exchange, read.chunks);
  if (!builder.finished) {
    return troubleEnd(exchange, () =>
      fault === null ? { kind: "final", failure: endedEarly(asked(exchange)) } : judgeInStream(fault.error, asked(exchange)),
    );
  }
  const { events, answer } = builder.end();
  yield* events;
  return { type: "done", answer };
}

type Readable =
  | { readonly type: "chunks"; readonly chunks: AsyncIterable<readonly WireChunk[]> }
  | { readonly type: "stranger"; readonly contentType: string; readonly body: unknown };

/** Chunks to follow; a server that does not stream gives one. */
async function readable(opened: Opened, reader: ModeReader): Promise<Readable> {
  if (opened.kind === "stream") return { type: "chunks", chunks: opened.batches };
  const { contentType } = opened;
  const body = parsed(await opened.text());
  const whole = reader.whole(body);
  if (whole === null) return { type: "stranger", contentType, body };
  return { type: "chunks", chunks: one(whole) };
}
