import type { ModelMessage } from "../core/model.ts";

/** What can be wrong with a whole answer, so that the model is told and asked again. */
export type Flaw = "cut" | "empty" | "overthought" | "malformed" | "repeating" | "unfit";

/** What the model reads about its own answer. Kept in the journal, where these very words tell a resumed turn what has happened. */
const notes: Readonly<Record<Flaw, string>> = {
  cut: "[Your tool call was cut off by the length limit and was not run. Make it shorter, or split it.]",
  empty: "[Your answer was empty. Answer now, or call a tool.]",
  overthought: "[You thought up to the length limit and said nothing. Answer now, or call a tool, without thinking first.]",
  malformed:
    "[Your tool call could not be read and was not run. Call the tool as a function call, with its name and with arguments that are one JSON object.]",
  repeating:
    "[You repeated the same text over and over and were stopped; what is above was kept. Go on without repeating it, or end your answer.]",
  unfit: "[Your answer does not have the form that was asked for. Answer again, with nothing but JSON that has it.]",
};
const flaws = Object.keys(notes) as readonly Flaw[]; // the keys of the table above

/** The note as it goes into the journal, with what exactly was wrong where that is known. */
export function noteOf(flaw: Flaw, details: readonly string[] = []): ModelMessage {
  return { role: "user", content: [notes[flaw], ...details.slice(0, mostDetails)].join("\n") };
}

/** One answer may hold many calls that can't be read; a few tell what is wrong with all. */
const mostDetails = 3;

/** Which note this is; null for anything else. */
export function flawNoted(message: ModelMessage | undefined): Flaw | null {
  if (message?.role !== "user") return null;
  return flaws.find((flaw) => message.content.startsWith(notes[flaw])) ?? null;
}

/** The flaws noted in a turn, in order. Only a note can follow an answer without calls, so nobody's words are taken for one. */
export function flawsNoted(own: readonly ModelMessage[]): readonly Flaw[] {
  return own.flatMap((message, at) => {
    const before = own[at - 1];
    const flaw = before?.role === "assistant" && before.calls.length === 0 ? flawNoted(message) : null;
    return flaw === null ? [] : [flaw];
  });
}
