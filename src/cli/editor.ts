import { Failure } from "../core/failures.ts";
import type { Context } from "./context.ts";

/** The person's editor: `$VISUAL`, `$EDITOR`, else vi, which only a terminal can show. `command` is what was typed. */
export function editorOf({ env, ask }: Pick<Context, "env" | "ask">, command: string): string {
  const own = env["VISUAL"]?.trim() || env["EDITOR"]?.trim();
  if (own !== undefined && own !== "") return own;
  if (ask !== null) return "vi";
  throw new Failure("state.unavailable", "there is no terminal for an editor.", {
    advice: `Type \`${command}\` at a terminal, or set $EDITOR to a program that needs none.`,
  });
}
