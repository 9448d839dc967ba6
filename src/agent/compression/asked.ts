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
export async function compressAsked(setting: CompressSetting, request: CompressRequest): Promise<boolean> {
  const { db, hold, viewer } = setting;
  const task = await taskOf(setting, request.focus);
  const compressed = await compress(setting, task);
  if (compressed.type === "aborted") return false;
  const answer = { request, body: { markdown: said(compressed, setting, task), replyTo: request.replyTo } };
  if (compressed.type === "done") await storeCompaction(db, hold, viewer, compressed.made, answer);
  else await answerCompressRequest(db, hold, answer);
  return true;
}

/** Tells of a failure of any other kind: a request that stood would be tried again and again. */
export async function tellUncompressed(db: Db, hold: Hold, request: CompressRequest, failure: Failure): Promise<void> {
  await answerCompressRequest(db, hold, { request, body: { markdown: failed(failure), replyTo: request.replyTo } });
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

function said(compressed: Exclude<Compressed, { type: "aborted" }>, setting: CompressSetting, task: Task): string {
  switch (compressed.type) {
    case "done": {
      const { before, after } = compressed.made;
      return `I shortened this conversation from ${sized(before)} to ${sized(after)}. The newest part is still word for word; of the rest I have a summary.`;
    }
    case "none":
      return `There is nothing to shorten yet: this conversation has ${sized(extentOf(setting, task))}, the model's window holds ${counted(task.window)}, and the newest ${task.settings.protectLast} messages stay as they are.`;
    case "failed":
      return failed(compressed.failure);
  }
}

function failed({ message, advice }: Failure): string {
  const mend = advice === null ? "" : ` ${advice}`;
  return `I could not shorten this conversation: ${message}.${mend} Nothing of it is lost: it stays as it is.`;
}

function sized({ messages, tokens }: Extent): string {
  return `${messages} ${messages === 1 ? "message" : "messages"} (about ${counted(tokens)} tokens)`;
}

function counted(tokens: number): string {
  return Math.round(tokens).toLocaleString("en");
}
