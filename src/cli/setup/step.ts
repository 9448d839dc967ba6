import { styleText } from "node:util";
import { whenItCounts } from "../../config/effects.ts";
import { keyOf, type KeyPath } from "../../config/keys.ts";
import type { Loaded } from "../../config/load.ts";
import { setKey } from "../../config/set.ts";
import { redact } from "../../core/redact.ts";
import type { Context } from "../context.ts";
import { fitted } from "../tool-width.ts";
import type { Talk } from "./talk.ts";

/** What the command line said. */
export interface Flags {
  readonly yes?: boolean;
  readonly modelUrl?: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly telegramToken?: string;
  readonly discordToken?: string;
  readonly slackBotToken?: string;
  readonly slackAppToken?: string;
  readonly slackSigningSecret?: string;
  readonly backend?: string;
  readonly sshHost?: string;
  readonly sshUser?: string;
  readonly owner?: boolean;
  readonly service?: boolean;
}

/** What every step works with. */
export interface Setup {
  readonly context: Context;
  readonly flags: Flags;
  /** Null: nothing is asked, and what is found is taken. */
  readonly talk: Talk | null;
  /** The configuration as it is now. */
  load(): Promise<Loaded>;
  /** Who runs on this home, such as `process 4711`; null when nobody does. */
  readonly running: string | null;
  /** Sets a key, and says so. */
  save(path: KeyPath, value: string): Promise<void>;
  /** Whether something that was changed waits for a restart of the service that runs. */
  waits(): boolean;
}

/** How a step ended: `done` works, `open` was left for later, `failed` was wished for and did not come about. */
export interface StepEnd {
  readonly state: "done" | "open" | "failed";
  readonly about: string;
  readonly text: string;
  /** What to do so that the bot gets its first owner, and the code that it takes. */
  readonly toOwn?: { readonly how: string; readonly code: string };
}

/** Makes the setup of one command. */
export function openSetup(given: Pick<Setup, "context" | "flags" | "talk" | "load" | "running">): Setup {
  let waiting = false;
  return {
    ...given,
    waits: () => waiting,
    async save(path, value) {
      const { context, running } = given;
      const { file, changed } = await setKey(context.home, path, value);
      const { origins } = await given.load();
      const { env = path, effect } = keyOf(path);
      const when = running === null || !changed ? "" : ` ${whenItCounts(path)}`;
      tell(context, `${changed ? "Saved" : "Kept"} ${path} in ${file}.${when}`);
      waiting ||= changed && running !== null && (effect ?? "restart") === "restart";
      if (origins[path] === "environment" && context.env[env] !== value)
        context.remark(`But ${env} in the environment overrules it: unset that too.`);
    },
  };
}

/** Prints a line of a step, within the terminal's width. */
export function tell(context: Context, text: string): void {
  for (const line of fitted(context, redact(text), 2)) context.print(line);
}

/** Prints how a step ended, with its mark; its words stand in a column of their own where there is room for one. */
export function tellEnd(context: Context, { state, about, text }: StepEnd): void {
  const narrow = context.ask !== null && (process.stdout.columns ?? leastColumns) < leastColumns;
  const [name, indent] = narrow ? [`${about}:`, 2] : [about.padEnd(9), 12];
  for (const line of fitted(context, `${marks[state]()} ${name} ${redact(text)}`, indent)) context.print(line);
}

const leastColumns = 60;

/** Without colours where there is no terminal, or none are wanted. */
const marks = {
  done: () => styleText("green", "✓"),
  open: () => styleText("yellow", "–"),
  failed: () => styleText("red", "✗"),
} as const;
