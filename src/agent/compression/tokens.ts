import type { ModelMessage, ToolSpec } from "../../core/model.ts";
import { sum } from "../../core/numbers.ts";

/** Characters of a token, as measured on English text and code, and on Chinese, Japanese and Korean. */
const charsPerToken = 3.5;
const wideCharsPerToken = 1.5;
/** A template's own tokens around a message, and around a call. */
const perMessage = 5;
const perCall = 12;

/** About how many tokens a text has. */
export function textTokens(text: string): number {
  let wide = 0;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) >= firstWide) wide += 1;
  return (text.length - wide) / charsPerToken + wide / wideCharsPerToken;
}

/** From here on (CJK, Hangul, their punctuation, and emoji halves) a character is most of a token. */
const firstWide = 0x2e80;

/** About how many tokens a message has in a prompt, without its thoughts. */
export function messageTokens(message: ModelMessage): number {
  const known = counted.get(message);
  if (known !== undefined) return known;
  const tokens = perMessage + textTokens(message.content) + (message.role === "assistant" ? callTokens(message) : 0);
  counted.set(message, tokens);
  return tokens;
}

/** Messages never change, so each is counted once. */
const counted = new WeakMap<ModelMessage, number>();

function callTokens({ calls }: ModelMessage & { role: "assistant" }): number {
  return sum(calls.map((call) => perCall + textTokens(call.name) + textTokens(call.arguments)));
}

/** About how many tokens a conversation has. Of thoughts only those after the last person's message are sent back. */
export function messagesTokens(messages: readonly ModelMessage[]): number {
  const turn = messages.findLastIndex(({ role }) => role === "user");
  const thoughts = messages.slice(turn + 1).map((message) => (message.role === "assistant" ? textTokens(message.reasoning) : 0));
  return sum(messages.map(messageTokens)) + sum(thoughts);
}

/** About how many tokens the head of a prompt has: its system message and its tools. */
export function headTokens(head: { readonly system: string; readonly tools: readonly ToolSpec[] } | null): number {
  if (head === null) return 0;
  return perMessage + textTokens(head.system) + (head.tools.length === 0 ? 0 : textTokens(JSON.stringify(head.tools)));
}
