import type { Context } from "../context.ts";
import { leaving } from "../leaving.ts";
import { plainTalk } from "./plain-talk.ts";
import type { Choice, Talk } from "./talk.ts";

/** Questions with arrows and frames where the terminal can do that, as plain lines elsewhere; null where nobody can be asked. */
export async function openTalk(context: Context): Promise<Talk | null> {
  if (context.ask === null) return null;
  const able = process.stdin.isTTY && process.stdout.isTTY && context.env["TERM"] !== "dumb";
  return able ? await framedTalk() : plainTalk(context, context.ask);
}

/** Loaded only here: nobody else asks in this way. */
async function framedTalk(): Promise<Talk> {
  const { confirm, isCancel, password, select, text } = await import("@clack/prompts");
  const answered = <Value extends string | boolean>(answer: Value | symbol): Value => {
    if (isCancel(answer) || typeof answer === "symbol") throw leaving();
    return answer;
  };
  return {
    async choose<Value extends string>(message: string, choices: readonly Choice<Value>[], initialValue: Value) {
      const options = choices.map((choice): Choice<string> => choice);
      const chosen = answered<string>(await select<string>({ message, options, initialValue, showInstructions: false }));
      return choices.find(({ value }) => value === chosen)?.value ?? initialValue;
    },
    yes: async (message, initialValue) => answered<boolean>(await confirm({ message, initialValue })),
    async text(message, usual) {
      const given = usual === "" ? {} : { placeholder: usual, defaultValue: usual };
      return answered<string>(await text({ message, ...given })).trim();
    },
    secret: async (message) => answered<string>(await password({ message })).trim(),
  };
}
