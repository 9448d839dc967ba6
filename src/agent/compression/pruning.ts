import type { ModelMessage } from "../../core/model.ts";
import type { Placed } from "./boundaries.ts";
import { isTodoResult } from "./todos.ts";
import { messageTokens } from "./tokens.ts";

/** A result this short is worth no line in its place. */
const worthChars = 600;
/** Of the result's beginning, in the line. */
const excerptChars = 120;

/** Whether a tool result would become shorter. */
export function isPrunable({ message }: Placed): boolean {
  return message.role === "tool" && message.content.length > worthChars && !isTodoResult(message);
}

/** The line that stands in a long tool result's place: what it was, how long, how it began. */
export function standIn(message: ModelMessage): ModelMessage {
  const known = made.get(message);
  if (known !== undefined) return known;
  if (message.role !== "tool") return message;
  const beginning = message.content.slice(0, excerptChars).replaceAll(/\s+/g, " ").trim();
  const content = `[Left out to save room: the result of this ${message.name} call, ${message.content.length} characters, which began: ${beginning} … Call it again if you need it.]`;
  const short: ModelMessage = { ...message, content };
  made.set(message, short);
  return short;
}

/** The same object for the same message, so that it is counted once. */
const made = new WeakMap<ModelMessage, ModelMessage>();

/** The oldest prunable results whose pruning frees at least `excess` tokens, or all there are. */
export function toPrune(entries: readonly Placed[], excess: number): readonly number[] {
  const ids: number[] = [];
  let freed = 0;
  for (const entry of entries.filter(isPrunable)) {
    if (freed >= excess) break;
    freed += messageTokens(entry.message) - messageTokens(standIn(entry.message));
    ids.push(entry.id);
  }
  return ids;
}
