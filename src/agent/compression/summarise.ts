import type { TurnEvent } from "../../core/events.ts";
import { Failure } from "../../core/failures.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Model, ModelMessage, ModelRequest } from "../../core/model.ts";
import type { Viewer } from "../../core/chats.ts";
import type { Db, Hold } from "../../store/hold.ts";
import type { SessionInfo } from "../../store/sessions.ts";
import { countCall } from "../call-record.ts";
import { callModel } from "../model-call.ts";
import { type Compressor, windowOf } from "./compressor.ts";
import { demandApart, demandInPlace, transcriptPieces } from "./summary.ts";
import { messagesTokens, textTokens } from "./tokens.ts";

/** For whom a conversation is shortened, and with what. */
export interface CompressSetting {
  readonly db: Db;
  readonly hold: Hold;
  readonly info: SessionInfo;
  readonly viewer: Viewer;
  readonly person: string;
  /** The running turn and its step; null outside of any. */
  readonly turn: string | null;
  readonly step: number;
  /** The session's own model. */
  readonly model: Model;
  readonly metrics: Metrics;
  readonly compressor: Compressor;
  readonly signal: AbortSignal;
  emit(event: TurnEvent): void;
}

/** What is to be summarised. */
export interface Material {
  /** The prompt's messages up to where the summary ends, the record so far among them. */
  readonly prefix: readonly ModelMessage[];
  readonly prefixTokens: number;
  /** The messages that the summary will stand for, and the record so far. */
  readonly messages: readonly ModelMessage[];
  readonly previous: string | null;
  readonly focus: string;
  /** How long the summary should be. */
  readonly tokens: number;
  /** The session's window. */
  readonly window: number;
  readonly ratio: number;
}

export type Summarised =
  | { readonly type: "summary"; readonly text: string }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "aborted" };

/**
 * Asks for one summary. The session's own model goes on from the prompt it has just read, so that the server's cache is used; another
 * model, or one whose window would not hold that, reads a transcript, piece by piece where it must.
 */
export async function summarise(setting: CompressSetting, material: Material): Promise<Summarised> {
  const { models } = setting.compressor;
  const side = await models.auxiliary("compression");
  const own = isSame(side, setting.model) || isSame(side, await models.current());
  const room = material.window - (material.prefixTokens + demandTokens) * material.ratio - spareTokens;
  if (own && room >= material.tokens * wordy) {
    const done = await inPlace(setting, material, Math.floor(room));
    if (done.type !== "failed" || !isWorthATranscript(done.failure)) return done;
  }
  return await apart(setting, own ? setting.model : side, material);
}

function isSame(one: Model, other: Model): boolean {
  return one.name === other.name && one.server === other.server;
}

/** Trouble with the long prompt itself, rather than with the server. */
function isWorthATranscript({ code }: Failure): boolean {
  return code === "model.overlong" || code === "model.empty" || code === "model.refused";
}

/** What the demand itself takes, and what stays free. */
const demandTokens = 450;
const spareTokens = 64;
/** Models write more than they are asked for. */
const wordy = 1.5;
/** Thinking comes before the summary. */
const thinkingTokens = 2_048;

function wordsFor(tokens: number): number {
  return Math.max(100, Math.round((tokens * 0.7) / 50) * 50);
}

async function inPlace(setting: CompressSetting, material: Material, room: number): Promise<Summarised> {
  const { prompt, session } = setting.info;
  const messages: ModelMessage[] = [
    ...(prompt === null ? [] : [{ role: "system" as const, content: prompt.system }]),
    ...material.prefix,
    demandInPlace(material.focus, wordsFor(material.tokens)),
  ];
  const maxTokens = Math.min(room, Math.round(material.tokens * wordy) + thinkingTokens);
  const caller = { person: setting.person, session, urgency: "interactive" } as const;
  return await asked(setting, setting.model, { messages, tools: prompt?.tools ?? [], toolChoice: "none", caller, maxTokens });
}

/** Piece after piece, each bringing the record up to date. A window that was thought too large costs one new start. */
async function apart(setting: CompressSetting, model: Model, material: Material): Promise<Summarised> {
  const window = Math.min(await windowOf(setting.compressor, model, setting.signal), mostAtOnce);
  const done = await inPieces(setting, model, material, window);
  if (done.type !== "failed" || done.failure.code !== "model.overlong") return done;
  return await inPieces(setting, model, material, Math.min(done.failure.sizes?.window ?? window, window / 2));
}

/** Longer transcripts are read worse, however large the window. */
const mostAtOnce = 65_536;

async function inPieces(setting: CompressSetting, model: Model, material: Material, window: number): Promise<Summarised> {
  // Not the whole window: the record so far, the answer, and an estimate that may be short by a quarter.
  const tokens = Math.min(material.tokens, window / 8);
  const room = (window - tokens * (1 + wordy) - demandTokens) / Math.max(1, material.ratio) / 1.25;
  const density = densityOf(material.messages);
  const pieces = transcriptPieces(material.messages, Math.max(leastPiece, Math.floor(room * density)));
  let record = material.previous;
  for (const piece of pieces) {
    const caller = { person: setting.person, session: null, urgency: "interactive" } as const;
    const maxTokens = Math.round(tokens * wordy) + spareTokens;
    const messages = demandApart(record, piece, material.focus, wordsFor(tokens));
    const done = await asked(setting, model, { messages, tools: [], toolChoice: "none", caller, effort: "none", maxTokens });
    if (done.type !== "summary") return done;
    record = done.text;
  }
  return record === null ? { type: "failed", failure: empty(model) } : { type: "summary", text: record };
}

const leastPiece = 1_000;

/** Characters of a token in these messages. */
function densityOf(messages: readonly ModelMessage[]): number {
  const text = messages.map(({ content }) => content).join("");
  return text.length === 0 ? 1 : text.length / Math.max(1, textTokens(text));
}

async function asked(setting: CompressSetting, model: Model, request: ModelRequest): Promise<Summarised> {
  const began = performance.now();
  const ended = await callModel(model, request, setting.signal, (event) => {
    if (event.type === "reading" || event.type === "queued" || event.type === "notice") setting.emit(event);
  });
  const { db, metrics, turn, step, info } = setting;
  const calling = { db, metrics, session: info.session, turn, task: "compression", step, model, tools: new Map() } as const;
  if (ended.type === "answer") {
    await countCall(calling, ended);
    const text = tidy(ended.answer.content, messagesTokens(request.messages));
    return text === "" ? { type: "failed", failure: empty(model) } : { type: "summary", text };
  }
  const code = ended.type === "failed" ? ended.failure.code : ended.type;
  await countCall(calling, { type: "failed", code, ms: performance.now() - began });
  if (ended.type === "aborted") return { type: "aborted" };
  return { type: "failed", failure: ended.type === "failed" ? ended.failure : empty(model) };
}

/** Never longer than what was read. */
function tidy(content: string, tokens: number): string {
  return content.trim().slice(0, Math.floor(tokens * 2));
}

function empty(model: Model): Failure {
  return new Failure("model.empty", `${model.name} gave no summary`, { advice: "Try /compress again, or begin anew with /new." });
}
