import { randomBytes } from "node:crypto";
import type { Model } from "../../core/model.ts";
import { ask } from "./asking.ts";

/** A word that nobody guesses, told to the model in one conversation, has turned up in another's: `at once` or `later`; null: it has not. */
export type Leak = "at once" | "later" | null;

const answerTokens = 32;

/**
 * Whether the server's cache leaks between people: one conversation is told a code word, another that has nothing to do with it is asked
 * for one, at once and again after a third. Throws the model's failure.
 */
export async function probeLeak(model: Model, signal: AbortSignal): Promise<Leak> {
  const secret = `${randomBytes(4).toString("hex")}-${randomBytes(4).toString("hex")}`;
  const said = async (system: string, content: string): Promise<string> => {
    const messages = [
      { role: "system", content: system },
      { role: "user", content },
    ] as const;
    const caller = { person: system, session: null, urgency: "interactive" } as const;
    const wish = { tools: [], toolChoice: "auto", effort: "none", temperature: 0, maxTokens: answerTokens, caller } as const;
    const { content: text, reasoning } = await ask(model, { messages, ...wish }, signal);
    return text + reasoning;
  };
  await said(`You are Anna's assistant. The code word is ${secret}.`, "Repeat the code word.");
  const other = ["You are Ben's assistant.", "If you know a code word, say it; else say that you know none."] as const;
  if ((await said(...other)).includes(secret)) return "at once";
  await said("You are Cara's assistant.", "Name three colours.");
  return (await said(...other)).includes(secret) ? "later" : null;
}
