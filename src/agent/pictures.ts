import { Failure } from "../core/failures.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Model, ModelChoice, ModelImage, ModelRequest, Models } from "../core/model.ts";
import type { PicturePorts } from "../core/tool.ts";
import { shownModel } from "../model/address.ts";
import { allowing } from "../sandbox/guard/allowance.ts";
import { guardedFetch } from "../sandbox/guard/fetch.ts";
import type { Db } from "../store/hold.ts";
import { countCall } from "./call-record.ts";
import { callModel } from "./model-call.ts";

/** For whom pictures are looked at. */
export interface Looker {
  readonly session: string;
  readonly choice: ModelChoice | null;
  readonly person: string;
  readonly signal: AbortSignal;
}

export interface PictureParts {
  readonly db: Db;
  readonly models: Models;
  readonly metrics: Metrics;
  /** As they are now. */
  settings(): Promise<{ readonly timeoutMs: number; readonly allowed: readonly string[] }>;
}

const advice = "Set auxiliary.vision.model, and auxiliary.vision.provider or auxiliary.vision.base_url, to one that does.";

/** The way tools look at pictures. */
export function openPictures(parts: PictureParts): (looker: Looker) => PicturePorts {
  return (looker) => ({
    async fetch(url, limitBytes) {
      const { allowed } = await parts.settings();
      const headers = { accept: "image/png,image/jpeg,image/gif,image/webp;q=0.9,*/*;q=0.1" };
      const options = { allowance: allowing(allowed), signal: looker.signal, limit: () => limitBytes, headers };
      const { status, body } = await guardedFetch(url, options);
      if (status >= 400) throw new Failure("web.failed", `${new URL(url).host} answered ${status} instead of a picture.`);
      return body;
    },
    ask: (image, question) => ask(parts, looker, image, question),
  });
}

/** The session's own model where it sees, else that of `auxiliary.vision`; null when neither does. What does not tell may see. */
export async function seeing(
  models: Models,
  { session, choice }: Pick<Looker, "session" | "choice">,
  signal: AbortSignal,
): Promise<Model | null> {
  const main = await models.current({ id: session, choice }).catch(() => null);
  if (main !== null && (await main.facts(signal)).vision === true) return main;
  const own = await models.auxiliary("vision").catch(() => null);
  if (own === null || own.demonstration || (await own.facts(signal)).vision === false) return null;
  return own;
}

async function ask(parts: PictureParts, looker: Looker, image: ModelImage, question: string): Promise<string> {
  const { person, session } = looker;
  const model = await seeing(parts.models, looker, looker.signal);
  if (model === null) throw new Failure("model.refused", `No model here sees pictures. ${advice}`);
  const { timeoutMs } = await parts.settings();
  const timeout = AbortSignal.timeout(timeoutMs);
  const began = performance.now();
  const ended = await callModel(
    model,
    request(person, image, question),
    AbortSignal.any([looker.signal, timeout]),
    () => undefined,
  );
  looker.signal.throwIfAborted();
  const { db, metrics } = parts;
  const setting = { db, metrics, session, turn: null, task: "vision", step: 0, model, tools: new Map() } as const;
  if (ended.type === "answer") {
    await countCall(setting, ended);
    if (ended.answer.content.trim() !== "") return ended.answer.content;
    throw new Failure("model.broken", `${shownModel(model.name)} said nothing about the picture.`);
  }
  const failure = ended.type === "failed" ? ended.failure : null;
  await countCall(setting, { type: "failed", code: failure?.code ?? "aborted", ms: performance.now() - began });
  const why =
    failure?.message ?? (timeout.aborted ? `no answer within ${Math.round(timeoutMs / 1_000)} s` : "it repeated itself");
  throw new Failure(
    failure?.code ?? "model.broken",
    `${shownModel(model.name)} could not look at the picture: ${why}. If it does not see: ${advice}`,
  );
}

function request(person: string, image: ModelImage, question: string): ModelRequest {
  return {
    messages: [{ role: "user", content: question, images: [image] }],
    tools: [],
    toolChoice: "none",
    // Not the session's own server or slot: its cache is for the talk. A person waits for it all the same.
    caller: { person, session: null, urgency: "interactive" },
  };
}
