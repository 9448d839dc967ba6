/** What a shell text is read into: flat, since only what would be run counts, not whether it would. */

/** A piece of a word. `quoted`: it is neither split nor globbed. */
export type Part =
  | { readonly type: "text"; readonly text: string; readonly quoted: boolean }
  | {
      readonly type: "parameter";
      readonly name: string;
      /** `:-`, `#`, `/`, `:` and the like; empty for none; `unknown` for what is not followed. */
      readonly operator: string;
      readonly argument: Word | null;
      readonly quoted: boolean;
    }
  | { readonly type: "substitution"; readonly script: Script; readonly quoted: boolean }
  /** `<(…)` and `>(…)`. */
  | { readonly type: "process"; readonly script: Script }
  /** `$((…))`: what it comes to is a number; what it runs counts. */
  | { readonly type: "arithmetic"; readonly scripts: readonly Script[] };

export interface Word {
  readonly parts: readonly Part[];
}

export interface Assignment {
  readonly name: string;
  readonly append: boolean;
  /** Several for an array. */
  readonly values: readonly Word[];
}

export interface Redirection {
  readonly operator: string;
  readonly target: Word;
}

/** A simple command, or a group in brackets with what is redirected into it. */
export interface Command {
  readonly words: readonly Word[];
  readonly assignments: readonly Assignment[];
  readonly redirections: readonly Redirection[];
  /** Of `( … )` and `{ … }`. */
  readonly group: Script | null;
  /** Of `name() …`: the body follows as a command of its own. */
  readonly defines: string | null;
  /** As it was written. */
  readonly source: string;
}

export interface Script {
  /** Commands joined by `|` stand in one inner list. */
  readonly pipelines: readonly (readonly Command[])[];
}

/** A shell text as read. `trouble`: why it could not be read with certainty. */
export interface Reading {
  readonly script: Script;
  readonly trouble: string | null;
}
