import type { TurnEvent } from "../../core/events.ts";
import { Failure } from "../../core/failures.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Model, ModelMessage, ModelRequest } from "../../core/model.ts";
import type { Viewer } from "../../core/chats.ts";
import type { Db, Hold } from "../../store/hold.ts";
import type { SessionInfo } from "../../store/sessions.ts";
import { countCall } from "../call-record.ts";
import { callModel } from "../model-call.ts";
import { type Compressor, learnWindow, windowOf } from "./compressor.ts";
import { silentCut } from "./silent-cut.ts";
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
  const request = { messages, tools: prompt?.tools ?? [], toolChoice: "none", caller, maxTokens } as const;
  return await asked(setting, setting.model, request);
}

/** Piece after piece, each bringing the record up to date. A window that was thought too large costs a new start. */
async function apart(setting: CompressSetting, model: Model, material: Material): Promise<Summarised> {
  const { compressor, signal } = setting;
  let window = Math.min(await windowOf(compressor, model, signal), mostAtOnce);
  for (let starts = 1; ; starts += 1) {
    const done = await inPieces(setting, model, material, window);
    if (done.type !== "failed" || done.failure.code !== "model.overlong" || starts === mostStarts) return done;
    const told = done.failure.sizes?.window ?? null;
    if (told !== null && told < window) await learnWindow(compressor, model, told, signal);
    window = told !== null && told < window ? told : Math.floor(window / 2);
  }
}

/** Longer transcripts are read worse, however large the window. */
const mostAtOnce = 65_536;
/** Of a server that never says how large its window is, each start halves what is thought of it. */
const mostStarts = 4;

async function inPieces(setting: CompressSetting, model: Model, material: Material, window: number): Promise<Summarised> {
  const { focus, ratio } = material;
  const tokens = Math.min(material.tokens, window / 10);
  const words = wordsFor(tokens);
  const maxTokens = Math.round(tokens * wordy) + spareTokens;
  const frame = messagesTokens(demandApart("", "", focus, words));
  // Beside the piece: the record so far, the answer, and an estimate that may be short by a quarter.
  const room = (window - maxTokens) / (Math.max(1, ratio) * unsure) - frame - maxTokens;
  const { previous, messages } = startingWith(material, maxTokens);
  let record = previous;
  for (const piece of transcriptPieces(messages, Math.max(leastPiece, room))) {
    const caller = { person: setting.person, session: null, urgency: "interactive" } as const;
    const demand = demandApart(record, piece, focus, words);
    const request = { messages: demand, tools: [], toolChoice: "none", caller, effort: "none", maxTokens } as const;
    const done = await asked(setting, model, request);
    if (done.type !== "summary") return done;
    record = done.text;
  }
  return record === null ? { type: "failed", failure: empty(model) } : { type: "summary", text: record };
}

const unsure = 1.25;
const leastPiece = 150;

/** A record that is too long for this window is itself read in pieces, before anything else. */
function startingWith({ previous, messages }: Material, tokens: number): Pick<Material, "previous" | "messages"> {
  if (previous === null || textTokens(previous) <= tokens) return { previous, messages };
  return { previous: null, messages: [{ role: "user", content: `(the record of what was before) ${previous}` }, ...messages] };
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
    const { content, usage } = ended.answer;
    const sent = messagesTokens(request.messages);
    // A summary of what the server has left out unread would lose it.
    const read = usage.promptTokens;
    const cut = read === null ? null : await silentCut(model, { estimate: sent, read }, null, setting.signal);
    if (cut !== null) return { type: "failed", failure: unread(model, cut) };
    const text = tidy(content, sent);
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

function unread(model: Model, window: number): Failure {
  const sizes = { promptTokens: null, window, outputIsTheTrouble: false };
  return new Failure("model.overlong", `${model.name} at ${model.server} cut what was to be summed up`, {
    advice: "Give that server a larger context.",
    sizes,
  });
}

function empty(model: Model): Failure {
  return new Failure("model.empty", `${model.name} gave no summary`, { advice: "Try /compress again, or begin anew with /new." });
}
