import type { Failure } from "../core/failures.ts";
import type { ModelAnswer, ModelEvent, ModelRequest } from "../core/model.ts";
import { buildAnswer, wholeAsChunk, type AnswerBuilder, type WireChunk } from "./answer.ts";
import { parsed } from "./arguments.ts";
import type { Connection, Opened } from "./connection.ts";
import type { Server } from "./server.ts";
import { endedEarly, judge, judgeBody, stalledFailure, type Asked, type Verdict } from "./verdict.ts";
import { watchProgress, type Watch } from "./watch.ts";
import { toWire } from "./wire.ts";

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
}

/** Sends the request once; yields what can be shown and returns how it ended. Never throws. */
export async function* attempt(
  setting: AttemptSetting,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  const watch = watchProgress(signal, setting.prefillMs, setting.stallMs);
  const offered = new Set(request.toolChoice === "auto" ? request.tools.map((tool) => tool.name) : []);
  const builder = buildAnswer(offered, performance.now(), setting.continuing);
  const said = { spoke: false };
  try {
    return yield* converse(setting, request, watch, builder, said, signal);
  } catch (thrown) {
    return troubleEnd(setting, watch, builder, said.spoke, signal, () => judge(thrown, asked(setting, watch)));
  } finally {
    watch.end();
  }
}

async function* converse(
  setting: AttemptSetting,
  request: ModelRequest,
  watch: Watch,
  builder: AnswerBuilder,
  said: { spoke: boolean },
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  const { server, maxTokens } = setting;
  await server.settle(watch.signal);
  const wire = toWire(request, { model: server.model ?? "default", maxTokens, progress: server.llama });
  const opened = await setting.connection.chat(server.address, { ...wire, ...setting.extras }, watch);
  const read = await readable(opened);
  if (read.type === "stranger") {
    return troubleEnd(setting, watch, builder, false, signal, () =>
      judgeBody(read.contentType, read.body, asked(setting, watch)),
    );
  }
  const moved = server.confirm();
  if (moved !== null) yield { type: "notice", text: moved };
  yield* follow(read.chunks, watch, builder, said);
  if (!builder.finished) {
    return troubleEnd(setting, watch, builder, said.spoke, signal, () => ({
      kind: "final",
      failure: endedEarly(asked(setting, watch)),
    }));
  }
  const { events, answer } = builder.end();
  yield* events;
  return { type: "done", answer };
}

type Readable =
  | { readonly type: "chunks"; readonly chunks: AsyncIterable<WireChunk> }
  | { readonly type: "stranger"; readonly contentType: string; readonly body: unknown };

/** Chunks to follow; a server that does not stream gives one. */
async function readable(opened: Opened): Promise<Readable> {
  if (opened.kind === "stream") return { type: "chunks", chunks: opened.chunks };
  const { contentType } = opened;
  const body = parsed(await opened.text());
  const whole = wholeAsChunk(body);
  if (whole === null) return { type: "stranger", contentType, body };
  return { type: "chunks", chunks: one(whole) };
}

async function* one(chunk: WireChunk): AsyncGenerator<WireChunk> {
  yield chunk;
}

/** Reads to the end. What goes wrong after the finish reason does not matter any more: the answer is complete. */
async function* follow(
  chunks: AsyncIterable<WireChunk>,
  watch: Watch,
  builder: AnswerBuilder,
  said: { spoke: boolean },
): AsyncGenerator<ModelEvent, void> {
  try {
    watch.waiting(true);
    for await (const chunk of chunks) {
      watch.waiting(false);
      for (const event of builder.take(chunk ?? {})) {
        if (event.type !== "reading") said.spoke = true;
        yield event;
      }
      if (builder.begun) watch.gotToken();
      if (builder.finished) watch.hurry(usageGraceMs);
      watch.waiting(true);
    }
  } catch (thrown) {
    if (!builder.finished) throw thrown;
  }
}

/** How long to wait for the usage and `[DONE]` of a finished answer. */
const usageGraceMs = 2_000;

function asked({ server }: AttemptSetting, watch: Watch): Asked {
  return { address: server.address, model: server.model, bytes: watch.bytes };
}

/** Whatever the SDK says or leaves out, the two signals decide first: it ends an aborted stream without a word. */
function troubleEnd(
  setting: AttemptSetting,
  watch: Watch,
  builder: AnswerBuilder,
  spoke: boolean,
  signal: AbortSignal,
  verdict: () => Verdict,
): AttemptEnd {
  const partial = builder.partial();
  if (signal.aborted) return { type: "aborted", partial };
  const { calling } = builder;
  if (watch.stalled)
    return { type: "trouble", verdict: { kind: "final", failure: stalled(setting, watch) }, partial, spoke, calling };
  return { type: "trouble", verdict: verdict(), partial, spoke, calling };
}

function stalled(setting: AttemptSetting, watch: Watch): Failure {
  return stalledFailure(asked(setting, watch), watch.bytes ? setting.stallMs : setting.prefillMs);
}
