import { findProgram } from "./processes.ts";

/** The shell that completions are tried in. */
export function zshProgram(): string {
  const found = findProgram("zsh");
  if (found === null) throw new Error("zsh is missing: apt-get install zsh");
  return found;
}
