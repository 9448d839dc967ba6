import type { Finding } from "../../core/approval.ts";
import { unmarked } from "./marks.ts";
import { find } from "./inspection.ts";
import { inspection } from "./walk.ts";

/** Longer texts are not looked through; that is told. Looking is synchronous, and other chats wait meanwhile. */
const longestText = 60_000;
/** Characters looked at in all: a text and what is nested in it. */
const fuel = 300_000;

/** What was found in a command, and every command met in it. */
export interface Inspected {
  readonly findings: readonly Finding[];
  readonly calls: readonly string[];
}

/** What a command would do, as far as can be told before it runs. Never throws; time linear in its length. */
export function inspect(
  command: string,
  language: "shell" | "python",
  workdir: string,
  home: string,
  workspace: string = workdir,
): Inspected {
  const text = unmarked(command.slice(0, longestText));
  const state = inspection({ workdir, workspace, home }, fuel);
  if (language === "python") state.code(text, text);
  else state.shell(text);
  // What was not looked at goes before what was not understood.
  if (state.fuel < 0) state.trouble = "it is too much to look through";
  if (command.length > longestText) state.trouble = "it is too long";
  if (state.trouble !== null) find(state, "unparsable", `${state.trouble}: ${text.slice(0, 100)}`);
  const findings = [...state.found.values()].toSorted((a, b) => Number(b.floor) - Number(a.floor));
  return { findings, calls: [...state.calls] };
}
