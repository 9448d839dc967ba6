import type { ChatRef } from "../core/chats.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { ModelRequest, Models } from "../core/model.ts";
import { redact } from "../core/redact.ts";
import type { Db } from "../store/hold.ts";
import { isUntitled, setTitle } from "../store/titles.ts";
import { countCall } from "./call-record.ts";
import { callModel } from "./model-call.ts";
import { openSideWork } from "./side-work.ts";

/** What a session's first answered turn was about. */
export interface Talk {
  readonly session: string;
  readonly chat: ChatRef;
  readonly person: string;
  readonly request: string;
  readonly answer: string;
}

/** Gives sessions their titles, beside everything else: nobody waits for one. */
export interface Titles {
  /** Begins to title the session if it has no title yet; the title itself comes later. */
  consider(talk: Talk): Promise<void>;
  /** Gives up what is under way: such sessions are titled after their next answer. */
  close(): Promise<void>;
}

export interface TitleParts {
  readonly db: Db;
  readonly models: Models;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Told of each title that a session has been given. */
  given(talk: Pick<Talk, "session" | "chat">, title: string): void;
  /** The configuration as it is now: whether a model is asked, and for how long. */
  settings(): Promise<{ readonly enabled: boolean; readonly timeoutMs: number }>;
}

/** Opens the titling of one worker. */
export function openTitles(parts: TitleParts): Titles {
  const beside = openSideWork();
  const titling = new Set<string>();
  return {
    async consider(talk) {
      const { session } = talk;
      if (titling.has(session) || beside.signal.aborted || !(await isUntitled(parts.db, session))) return;
      titling.add(session);
      const work = entitle(parts, talk, beside.signal)
        .catch((error: unknown) => parts.log.warn({ session, error }, "a session could not be given a title"))
        .finally(() => titling.delete(session));
      beside.add(work);
    },
    close: () => beside.close(),
  };
}

async function entitle(parts: TitleParts, talk: Talk, signal: AbortSignal): Promise<void> {
  const title = cleanTitle(await proposed(parts, talk, signal));
  if (signal.aborted) return;
  const chosen = title === "" ? firstWords(talk.request) : title;
  if (await setTitle(parts.db, talk.session, chosen)) parts.given(talk, chosen);
}

/** What the model proposes; empty where none is asked, or none answers. */
async function proposed(parts: TitleParts, talk: Talk, signal: AbortSignal): Promise<string> {
  const { enabled, timeoutMs } = await parts.settings();
  if (!enabled) return "";
  const model = await parts.models.auxiliary("title_generation");
  if (model.demonstration) return "";
  const began = performance.now();
  const ended = await callModel(
    model,
    titleRequest(talk),
    AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    () => undefined,
  );
  if (signal.aborted) return "";
  const { session } = talk;
  const setting = { ...parts, session, turn: null, task: "title_generation", step: 0, model, tools: new Map() } as const;
  if (ended.type === "answer") {
    await countCall(setting, ended);
    return ended.answer.content;
  }
  const code = ended.type === "failed" ? ended.failure.code : "aborted";
  await countCall(setting, { type: "failed", code, ms: performance.now() - began });
  parts.log.debug({ session, code, model: model.name }, "no title from the model; the request's first words are taken");
  return "";
}

/** Beginning of the request and of the answer: a title needs no more, and the call stays a short one. */
const excerptChars = 600;
/** Room for a title, and for a model that thinks although it was asked not to. */
const maxTokens = 400;

function titleRequest({ person, request, answer }: Talk): ModelRequest {
  const content = `${instruction}\n\nThe person: ${request.slice(0, excerptChars)}\n\nThe agent: ${answer.slice(0, excerptChars)}`;
  return {
    messages: [{ role: "user", content }],
    tools: [],
    toolChoice: "none",
    // Not the session's own server or slot: its cache is for the talk.
    caller: { person, session: null, urgency: "auxiliary" },
    effort: "none",
    maxTokens,
  };
}

const instruction =
  "Give this conversation a title of 3 to 7 words, in the language it is held in. Answer with the title alone: one line, no quotes, no full stop.";

const longestTitle = 80;

/** A model's title as one plain line, or empty. */
export function cleanTitle(text: string): string {
  const line =
    text
      .replaceAll(/<[^>]*>|```\w*/g, " ")
      .split("\n")
      .map((each) => each.replace(/^\s*(?:[#>*-]+\s+)?(?:\*\*)?(?:title|titel|titre|título)\s*:/i, "").trim())
      .find((each) => /[\p{L}\p{N}]/u.test(each)) ?? "";
  const plain = redact(line)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .replaceAll(/[*_`#"“”„«»<>[\]{}|]/g, "")
    .replaceAll(/^[\s'‘’.,:;-]+|[\s'‘’.,:;-]+$/g, "");
  return shortened(plain);
}

/** The request's first words: a title that is always there. */
export function firstWords(request: string): string {
  const words = cleanTitle(request.replaceAll(/\s+/g, " ")).split(" ");
  const title = words.slice(0, mostWords).join(" ");
  return title === "" ? "Conversation" : `${title}${words.length > mostWords ? " …" : ""}`;
}

const mostWords = 8;

/** Cut between words where it is too long, and never within a character. */
function shortened(text: string): string {
  if (text.length <= longestTitle) return text;
  const cut = text.slice(0, longestTitle - 2);
  const whole =
    cut.lastIndexOf(" ") > longestTitle / 2 ? cut.slice(0, cut.lastIndexOf(" ")) : cut.replace(/[\uD800-\uDBFF]$/, "");
  return `${whole} …`;
}
