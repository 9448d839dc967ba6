import type { z } from "zod";
import type { ActionBackend } from "./approval.ts";
import type { Person } from "./chats.ts";
import type { MemoryChange, MemoryWish } from "./memory.ts";
import type { DelegationPorts } from "./delegation.ts";
import type { ModelImage } from "./model.ts";
import type { Question, Reply } from "./question.ts";
import type { Sandbox } from "./sandbox.ts";
import type { SchedulePorts } from "./schedule.ts";
import type { SkillPorts } from "./skill.ts";

/** What a tool may touch. Everything in it is already bound to the one who asked. */
export interface ToolContext {
  readonly session: string;
  readonly person: Person;
  readonly shared: boolean;
  readonly signal: AbortSignal;
  /** Opens the asker's sandbox on first use. */
  sandbox(): Promise<Sandbox>;
  /** Changes a memory; returns the line the model reads; throws for the model. */
  remember(change: MemoryChange, wish: MemoryWish): Promise<string>;
  /** The agent's own settings; who may change them is the tool's to say. */
  readonly configuration: ConfigurationPorts;
  /** Other chats of the person who asks. */
  readonly chats: ChatPorts;
  /** Past conversations, as far as may be seen from here. */
  readonly past: PastPorts;
  /** What becomes of background processes after the turn. */
  readonly watching: WatchPorts;
  /** What is written down of how things are done. */
  readonly skills: SkillPorts;
  /** What is to be done later, or regularly. */
  readonly schedules: SchedulePorts;
  /** Whether somebody is there who could be asked. */
  readonly attended: boolean;
  /** The web, through the address guard. */
  readonly web: WebPorts;
  readonly pictures: PicturePorts;
  /** How fast the session's model is, of late or measured afresh; returns what the model reads. `say` hears what is being done. */
  modelSpeed(fresh: boolean, say: (line: string) => void): Promise<string>;
  /**
   * Asks a person. Throws `Parked` until there is a reply; the call then runs again from its start, so ask before doing anything.
   */
  ask(question: Question): Promise<Reply>;
  /** Other tools, for a tool that runs code. */
  readonly tools: CallingPorts;
  /** Subagents. */
  readonly delegation: DelegationPorts;
  /** Shows a piece of output while the tool runs. */
  progress(chunk: string): void;
  /** Limits from the configuration. */
  readonly limits: ToolLimits;
}

/** The agent's own settings, by their paths. Both give what the model reads, without secrets, and throw for the model. */
export interface ConfigurationPorts {
  /** One key, or all of a section. */
  get(key: string): Promise<string>;
  /** Empty text goes back to the default. */
  set(key: string, value: string): Promise<string>;
}

/** Other tools, as a running call may use them. */
export interface CallingPorts {
  /** The names of a tool's parameters, in order; null where there is no such tool. */
  parametersOf(name: string): readonly string[] | null;
  /** Gives what the model would read; throws what it would read of a failure. */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<string>;
}

/** Other chats; both give what the model reads and throw for it. */
export interface ChatPorts {
  list(): Promise<string>;
  /** Sent once for a call, however often it runs. */
  post(target: string, text: string): Promise<string>;
}

/** Looking at pictures. Both throw for the model. */
export interface PicturePorts {
  /** One on the web, through the address guard; no more than `limitBytes` of it. */
  fetch(url: string, limitBytes: number): Promise<Uint8Array>;
  /** What a model that sees answers. */
  ask(image: ModelImage, question: string): Promise<string>;
}

/** What is looked for in past conversations. */
export interface PastWish {
  readonly query: string;
  readonly limit: number;
  readonly newestFirst: boolean;
  /** Only what one of them said. */
  readonly by?: "person" | "agent" | null;
  /** Whole lines that were found rather than their part around the words. */
  readonly whole?: boolean;
}

/** Past conversations, as what the model reads. Both throw for the model. */
export interface PastPorts {
  /** Without words: the latest conversations. */
  search(wish: PastWish): Promise<string>;
  /** A conversation around one of its lines, or its beginning; so many lines to each side. */
  read(session: string, around: number | null, window?: number): Promise<string>;
  /** The newest result of this tool in this session that begins so; null where there is none. */
  latestResult(tool: string, beginning: string): Promise<string | null>;
}

/** Searching and reading the web. Both throw for the model. */
export interface WebPorts {
  search(query: string, limit: number, signal: AbortSignal): Promise<readonly SearchHit[]>;
  read(url: string, signal: AbortSignal): Promise<WebPage>;
  /** The most of one page that the model is given at a time. */
  pageChars(): Promise<number>;
}

/** What a search service found. */
export interface SearchHit {
  readonly title: string;
  readonly url: string;
  readonly snippet: string;
}

/** A page as text. Nobody vouches for what it says. */
export interface WebPage {
  /** Where redirects led. */
  readonly url: string;
  readonly title: string;
  readonly text: string;
}

/** Telling the session of its background processes when nobody looks at them. */
export interface WatchPorts {
  /** Tells of its end; with patterns: when it prints one of them. */
  watch(
    process: { readonly backend: ActionBackend; readonly id: string; readonly command: string },
    patterns: readonly string[],
  ): Promise<void>;
  /** The model has seen its end: nothing is left to tell. */
  seen(process: string): Promise<void>;
}

export interface ToolLimits {
  /** `terminal.timeout`, in milliseconds: default of a command. */
  readonly commandMs: number;
  /** Longest text a tool gives the model, in characters. */
  readonly resultChars: number;
}

/** The names of tools that are switched on and off together; the original's. */
export const toolsets = [
  "clarify",
  "code_execution",
  "configuration",
  "cronjob",
  "delegation",
  "file",
  "memory",
  "messaging",
  "session_search",
  "skills",
  "terminal",
  "todo",
  "vision",
  "web",
] as const;

/** Tools that are switched on and off together; those of each MCP server are a set of their own. */
export type Toolset = (typeof toolsets)[number] | `mcp-${string}`;

/** What must be set up for a tool to be offered at all. */
export type ToolNeed = "memory" | "web_search" | "vision";

/** What a call would do beyond reading: judged by the policy before it runs, and shown to whoever must allow it. */
export interface Deed {
  readonly kind: "run" | "write" | "send" | "call";
  /** The command, the file's path, the chat, or the call with what it is given. */
  readonly command: string;
  readonly language: "shell" | "python";
  /** Empty: where the sandbox's files are. */
  readonly workdir: string;
}

/** `read`: may run beside others and again. `effect`: changes something; never repeated blindly after a crash. */
export type ToolKind = "read" | "effect";

/** A tool: one file, one line in `src/tools/index.ts`. `run` returns what the model reads, or throws an Error whose message it reads. */
export interface Tool<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly kind: ToolKind;
  readonly toolset: Toolset;
  /** Not offered where this is not set up; left out: always offered. */
  readonly needs?: ToolNeed;
  readonly parameters: Schema;
  /** Other names that models give to parameters. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What the model is told of the parameters where that does not come from them. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** What this call would do that may need leave. */
  deeds?(args: z.output<Schema>): readonly Deed[];
  /** A few words for the chat while it runs, e.g. `$ ls -la`; at most one line. */
  preview(args: z.output<Schema>): string;
  run(args: z.output<Schema>, context: ToolContext): Promise<string>;
}

/** Keeps the schema's type for `run` and `preview` while the registry sees a plain `Tool`. */
export function tool<Schema extends z.ZodType>(definition: Tool<Schema>): Tool {
  return {
    ...definition,
    ...(definition.deeds === undefined ? {} : { deeds: (args) => definition.deeds?.(definition.parameters.parse(args)) ?? [] }),
    preview: (args) => definition.preview(definition.parameters.parse(args)),
    run: (args, context) => definition.run(definition.parameters.parse(args), context),
  };
}
