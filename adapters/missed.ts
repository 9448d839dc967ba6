import { plainWords } from "../src/core/markdown.ts";

/** Somebody's message that came while nobody listened. */
export interface MissedMessage {
  readonly who: string;
  readonly text: string;
}

/** Older messages are not even named: nobody waits for them. */
export const oldestMissedMs = 7 * 24 * 3_600_000;
/** More requests than this are named, not answered: the newest matter most. */
export const mostMissedAnswered = 100;
const mostNamed = 5;

/** Says what came too long ago to be answered unasked; of nothing, that not `all` could be read. */
export function missedWords(missed: readonly MissedMessage[], all: boolean): string {
  if (missed.length === 0)
    return "I was away, and could not read all that was written here meanwhile. Say it again if it still matters.";
  const lines = missed.slice(-mostNamed).map(({ who, text }) => `- ${plainWords(who)}: ${plainWords(text)}`);
  const count = missed.length - mostNamed;
  const before = all ? `- … and ${count} before` : `- … and ${Math.max(1, count)} or more before`;
  const more = count > 0 || !all ? [before] : [];
  const first =
    "I was away, and this came too long ago, or was too much, to answer it unasked. Say it again if it still matters.";
  return [first, "", ...more, ...lines].join("\n");
}
