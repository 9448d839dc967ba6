import { randomBytes } from "node:crypto";
import type { Caller, Model, ModelRequest, ModelUsage } from "../../core/model.ts";
import { ask, readingSpeed, uncachedTokens, writingSpeed } from "./asking.ts";

/** How one prompt went. Null: the server does not count it. */
export interface SpeedSample {
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  readonly completionTokens: number | null;
  readonly firstTokenMs: number | null;
  /** Tokens a second, and how long all of them took. */
  readonly readPerSecond: number | null;
  readonly readMs: number | null;
  readonly writePerSecond: number | null;
  readonly writeMs: number | null;
}

/** A model's speed after a small and a large prompt; `large` is null when only the small one was asked for. */
export interface SpeedReport {
  readonly model: string;
  readonly server: string;
  /** Tokens of the longest request; null: unknown. */
  readonly window: number | null;
  readonly small: SpeedSample;
  readonly large: SpeedSample | null;
}

export interface SpeedOptions {
  /** Hears what is being done, a line each. */
  readonly say?: (line: string) => void;
  readonly caller?: Caller;
  /** False: the small prompt only, for a quick look. */
  readonly large?: boolean;
}

/** As many as the usual table of such measurements has: enough for a steady figure, ten seconds on a slow card. */
const answerTokens = 200;
/** The large prompt's size, and the part of a small window that it may take. */
const largeTokens = 2_200;
const windowPart = 0.5;

/**
 * Measures how fast the model reads and writes: one request for its warming up, then a small prompt and a large one. Each begins with a
 * number of its own, so that no cache helps. Throws the model's failure.
 */
export async function measureSpeed(model: Model, signal: AbortSignal, options: SpeedOptions = {}): Promise<SpeedReport> {
  const { say = () => undefined, caller, large = true } = options;
  const send = async (content: string, maxTokens: number): Promise<ModelUsage> => {
    const who = caller === undefined ? {} : { caller };
    const messages = [{ role: "user" as const, content }];
    const request: ModelRequest = { messages, tools: [], toolChoice: "auto", effort: "none", temperature: 0, maxTokens, ...who };
    return (await ask(model, request, signal, say)).usage;
  };
  say("Warming up …");
  await send(`${unique()} Say ok.`, 1);
  say(`Small prompt, up to ${answerTokens} tokens of answer …`);
  const small = sampleOf(await send(`${unique()} ${task}`, answerTokens));
  const { window } = await model.facts(signal);
  const about = { model: model.name, server: model.server, window };
  if (!large) return { ...about, small, large: null };
  const size = Math.min(largeTokens, Math.floor((window ?? Infinity) * windowPart));
  say("Large prompt …");
  return { ...about, small, large: sampleOf(await send(largePrompt(size), answerTokens)) };
}

function sampleOf(usage: ModelUsage): SpeedSample {
  const { promptTokens, cachedTokens, completionTokens, firstTokenMs } = usage;
  const [read, write, fresh] = [readingSpeed(usage), writingSpeed(usage), uncachedTokens(usage)];
  return {
    promptTokens,
    cachedTokens,
    completionTokens,
    firstTokenMs,
    readPerSecond: read,
    readMs: read === null || fresh === null ? null : (fresh * 1_000) / read,
    writePerSecond: write,
    writeMs: write === null || completionTokens === null ? null : (completionTokens * 1_000) / write,
  };
}

/** A beginning that no cache holds. */
function unique(): string {
  return `[${randomBytes(4).toString("hex")}]`;
}

const task =
  "Explain to a colleague, in three full paragraphs, how the weights of a large language model can be stored in fewer bits, what that saves, and what it costs.";

/** Sentences of some 24 tokens each; other tokenisers than Qwen's make a tenth more or less of them. */
function largePrompt(tokens: number): string {
  const lines = Array.from({ length: Math.max(1, Math.floor((tokens - 60) / sentenceTokens)) }, (_, index) => {
    const [who, what] = [places[index % places.length], goods[index % goods.length]];
    return `The ${who} reported that its ${what} had arrived in good order and that nothing else of note happened there during the week.`;
  });
  return `${unique()} Weekly reports:\n${lines.join("\n")}\n\n${task}`;
}

const sentenceTokens = 25;
const places = [
  "harbour office",
  "northern depot",
  "paper mill",
  "mountain station",
  "old bakery",
  "river ferry",
  "city library",
];
const goods = [
  "spare parts",
  "winter clothing",
  "measuring tools",
  "printed forms",
  "fresh water",
  "fuel",
  "seed potatoes",
  "glass",
  "cables",
];
