import { CommanderError } from "commander";
import { exits } from "./context.ts";

const leftCode = "hermes.left";

/** Ends a command whose person left at a question, by Ctrl-C or the end of the input. */
export function leaving(): CommanderError {
  return new CommanderError(exits.failure, leftCode, "left at a question");
}

/** Whether a command ended in that way. */
export function hasLeft(thrown: unknown): boolean {
  return thrown instanceof CommanderError && thrown.code === leftCode;
}
