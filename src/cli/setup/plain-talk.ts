import type { Context } from "../context.ts";
import type { Choice, Talk } from "./talk.ts";

/** Questions as plain lines and numbered menus, for terminals that can't move their cursor. */
export function plainTalk(context: Context, ask: NonNullable<Context["ask"]>): Talk {
  return {
    async choose<Value extends string>(question: string, choices: readonly Choice<Value>[], first: Value) {
      context.print(question);
      choices.forEach(({ label, hint }, at) => context.print(`  ${at + 1}. ${label}${hint === undefined ? "" : ` (${hint})`}`));
      const usual = choices.findIndex(({ value }) => value === first) + 1;
      for (;;) {
        const typed = await ask(`Choice [1-${choices.length}, Enter for ${usual}]: `);
        const chosen = typed === "" ? first : choices[Number(typed) - 1]?.value;
        if (chosen !== undefined) return chosen;
        context.print(`${typed} is none of these.`);
      }
    },
    async yes(question, first) {
      const typed = await ask(`${question} [${first ? "Y/n" : "y/N"}]: `);
      return typed === "" ? first : /^y/i.test(typed);
    },
    text: async (question, usual) => (await ask(usual === "" ? `${question}: ` : `${question} [${usual}]: `)) || usual,
    secret: (question) => ask(`${question}: `, "hidden"),
  };
}
