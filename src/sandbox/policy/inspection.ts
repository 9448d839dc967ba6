import type { CommandClass, Finding } from "../../core/approval.ts";
import { shown } from "./marks.ts";
import type { Values } from "./parameters.ts";
import type { Script } from "./shell-tree.ts";

/** What goes from one command into another. `text` null: only known when it runs. */
export interface Flow {
  readonly text: string | null;
  /** It comes from the network. */
  readonly remote: boolean;
}

/** One command with its words as they would come out. */
export interface Call {
  /** The name without its folder. */
  readonly name: string;
  readonly args: readonly string[];
  /** What is piped or redirected into it; null: nothing. */
  readonly input: Flow | null;
  /** As it was written. */
  readonly source: string;
}

/** An inspection under way: what was found, and what is known of the shell so far. */
export interface Inspection {
  readonly found: Map<string, Finding>;
  readonly variables: Map<string, Values>;
  readonly functions: Map<string, Script>;
  /** Files whose content this very command wrote. */
  readonly files: Map<string, Flow>;
  /** Every command met, with its words as they would come out: for the globs of commands that never run. */
  readonly calls: Set<string>;
  /** The agent's own home. */
  readonly home: string;
  /** The person's own directory. */
  readonly workspace: string;
  cwd: string;
  depth: number;
  /** Characters that may still be looked at: nested texts could otherwise grow without end. */
  fuel: number;
  trouble: string | null;
  /** Inspects a text as shell; returns what it would print, where that is known. */
  shell(text: string): Flow;
  /** Inspects a program in another language. */
  code(text: string, what: string): void;
  /** Inspects a command by its words. */
  call(words: readonly string[], input: Flow | null, source: string): Flow;
}

/** Longest piece of a command shown in a finding. */
const longestWhat = 300;
/** More findings than this tell a person nothing more. */
const mostFindings = 60;

/** Notes a finding once. */
export function find(inspection: Inspection, label: CommandClass, what: string, floor = false): void {
  const part = shown(what).replaceAll(/\s+/g, " ").trim().slice(0, longestWhat);
  const key = `${label} ${floor} ${part}`;
  if (inspection.found.size < mostFindings || floor) inspection.found.set(key, { class: label, what: part, floor });
}

/** Nothing known is printed. */
export const unclear: Flow = { text: null, remote: false };
/** Nothing is printed. */
export const silent: Flow = { text: "", remote: false };
