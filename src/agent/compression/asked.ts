import type { Language } from "../../core/language.ts";
import { storedFailure } from "../../core/outbound.ts";
import type { Failure } from "../../core/failures.ts";
import { answerCompressRequest, type Extent, storeCompaction } from "../../store/compactions.ts";
import type { Db, Hold } from "../../store/hold.ts";
import { readHistory } from "../../store/journal.ts";
import type { CompressRequest } from "../../store/schema.ts";
import { type Compressed, compress, type Task } from "./compress.ts";
import { learnRatio, ratioOf, windowOf } from "./compressor.ts";
import type { CompressSetting } from "./summarise.ts";
import { headTokens, messagesTokens } from "./tokens.ts";
import { messagesOf, viewOf } from "./view.ts";

/**
 * Shortens a session's history because a person has asked for it, and owes them the answer in the same write. False when it was broken
 * off: then the request stands, and whoever takes the session over does it.
 */
export async function compressAsked(setting: CompressSetting, request: CompressRequest, language: Language): Promise<boolean> {
  const { db, hold, viewer } = setting;
  const task = await taskOf(setting, request.focus);
  const compressed = await compress(setting, task);
  if (compressed.type === "aborted") return false;
  const answer = { request, body: { markdown: said(compressed, setting, task, language), replyTo: request.replyTo } };
  if (compressed.type === "done") await storeCompaction(db, hold, viewer, compressed.made, answer);
  else await answerCompressRequest(db, hold, answer);
  return true;
}

/** Tells of a failure of any other kind: a request that stood would be tried again and again. */
export async function tellUncompressed(
  db: Db,
  hold: Hold,
  request: CompressRequest,
  failure: Failure,
  { endings }: Language,
): Promise<void> {
  await answerCompressRequest(db, hold, {
    request,
    body: { markdown: endings.shortening.failed(storedFailure(failure)), replyTo: request.replyTo },
  });
}

async function taskOf(setting: CompressSetting, focus: string): Promise<Task> {
  const { db, viewer, info, compressor, model, signal } = setting;
  const [{ entries: journal, compaction: last }, settings] = await Promise.all([
    readHistory(db, viewer, info.session),
    compressor.settings(),
  ]);
  const window = await windowOf(compressor, model, signal);
  const messages = messagesOf(viewOf(journal, last));
  const head = info.prompt;
  if (head !== null && messages.length > 0) {
    const system = { role: "system" as const, content: head.system };
    const exact = await model.count({ messages: [system, ...messages], tools: head.tools, toolChoice: "auto" }, signal);
    if (exact !== null) learnRatio(compressor, info.session, exact, headTokens(head) + messagesTokens(messages));
  }
  return { journal, last, settings, window, ratio: ratioOf(compressor, info.session) ?? 1, cause: "asked", summary: true, focus };
}

function extentOf({ info }: CompressSetting, { journal, last, ratio }: Task): Extent {
  const messages = messagesOf(viewOf(journal, last));
  return { messages: messages.length, tokens: (headTokens(info.prompt) + messagesTokens(messages)) * ratio };
}

function said(
  compressed: Exclude<Compressed, { type: "aborted" }>,
  setting: CompressSetting,
  task: Task,
  { endings: { shortening } }: Language,
): string {
  switch (compressed.type) {
    case "done":
      return shortening.done(compressed.made.before, compressed.made.after);
    case "none":
      return shortening.nothing(extentOf(setting, task), task.window, task.settings.protectLast);
    case "failed":
      return shortening.failed(storedFailure(compressed.failure));
  }
}
