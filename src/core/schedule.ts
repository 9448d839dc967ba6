import type { ChatKind, ChatRef, Person } from "./chats.ts";
import type { OutboundButton } from "./outbound.ts";

/** What becomes of instants that passed while nothing ran: nothing, one run for all of them, or one for each of the last while. */
export const missedPolicies = ["skip", "once", "all"] as const;
export type MissedPolicy = (typeof missedPolicies)[number];

/** `draft`: waits for its owner's yes. */
export type ScheduleStatus = "draft" | "active" | "paused" | "done";

/** `starting`: a worker prepares it. `silent`: it had nothing to tell. `skipped`: its time had passed unnoticed. */
export type RunStatus = "due" | "starting" | "running" | "done" | "silent" | "failed" | "skipped";

/** What a run does beside its prompt. Plain JSON. */
export interface ScheduleWork {
  /** Skills whose text comes with the prompt. */
  readonly skills: readonly string[];
  /** A shell script, run in the owner's sandbox first. */
  readonly script: string | null;
  /** The script is all: what it prints is told, no model is asked. */
  readonly noAgent: boolean;
  /** Schedules whose latest output comes with the prompt, by their ids. */
  readonly contextFrom: readonly string[];
  /** So does its own. */
  readonly continuity: boolean;
}

/** A schedule as somebody may see it. */
export interface ScheduleView {
  readonly number: number;
  readonly name: string;
  readonly prompt: string;
  /** The time as it was said. */
  readonly said: string;
  readonly zone: string;
  readonly deliver: readonly string[];
  readonly status: ScheduleStatus;
  readonly why: string | null;
  /** ISO instants; the first is the next run. */
  readonly next: readonly string[];
  readonly owner: string;
  readonly missed: MissedPolicy;
  readonly remaining: number | null;
  readonly failures: number;
  readonly work: ScheduleWork;
}

/** A run as history shows it. */
export interface RunView {
  readonly instant: string;
  readonly status: RunStatus;
  readonly attempt: number;
  readonly output: string | null;
  readonly failure: string | null;
}

/** What the configuration says of schedules. */
export interface ScheduleRules {
  /** The zone of people who have picked none. */
  readonly zone: string;
  readonly mostPerPerson: number;
  /** Schedules may be made by a schedule's run. */
  readonly fromRuns: boolean;
}

/** Who asks about schedules, and where. */
export interface ScheduleAsker {
  readonly person: Person;
  /** Null at the command line: then the home of a platform, or a file, is where reports go. */
  readonly chat: ChatRef | null;
  readonly kind: ChatKind;
  /** Asks within a schedule's run. */
  readonly inRun: boolean;
}

/** What a command or tool about schedules answers. */
export interface ScheduleReply {
  readonly ok: boolean;
  /** Markdown. */
  readonly text: string;
  readonly buttons?: readonly OutboundButton[];
  /** What waits for a yes: the text without the question, and what `save` and `drop` take. */
  readonly waits?: { readonly text: string; readonly which: string };
  readonly data: unknown;
}

/** Schedules, bound to who asks. */
export interface ScheduleCommands {
  /** What follows `/cron`. Never throws for what somebody typed. */
  run(args: string): Promise<ScheduleReply>;
}

/** The tool's side of schedules, bound to the turn. Gives what the model reads, and throws for it. */
export interface SchedulePorts {
  /** What a new schedule would be: its next instants, in words. Nothing is saved. */
  preview(wish: ScheduleWish): Promise<string>;
  create(wish: ScheduleWish): Promise<string>;
  /** Which schedule would be changed, in words. Nothing is. */
  previewEdit(which: string, wish: Partial<ScheduleWish>): Promise<string>;
  list(): Promise<string>;
  /** `/cron`'s other verbs, on one schedule. */
  act(verb: "pause" | "resume" | "run" | "remove" | "show" | "history", which: string): Promise<string>;
  edit(which: string, wish: Partial<ScheduleWish>): Promise<string>;
}

/** A schedule as somebody asks for it. */
export interface ScheduleWish {
  readonly name: string | null;
  readonly prompt: string;
  readonly time: string;
  readonly zone: string | null;
  /** `origin`, `home`, `local`, a platform, `telegram:ID`, `discord:#name`. */
  readonly deliver: readonly string[];
  readonly skills: readonly string[];
  readonly script: string | null;
  readonly noAgent: boolean;
  readonly contextFrom: readonly string[];
  readonly continuity: boolean;
  readonly missed: MissedPolicy;
  readonly repeat: number | null;
}

/** The wish that all others are changes of. */
export const noWish: ScheduleWish = {
  name: null,
  prompt: "",
  time: "",
  zone: null,
  deliver: [],
  skills: [],
  script: null,
  noAgent: false,
  contextFrom: [],
  continuity: false,
  missed: "once",
  repeat: null,
};

/** The queue that wakes schedules, and its subject for "something may be due". */
export const scheduleQueue = "schedules";
export const scheduleClock = "clock";
/** The queue of runs that are to be begun. */
export const runQueue = "schedule-runs";
/** Its like for those without a script, a few at a time: long scripts must not hold them up. */
export const laneQueue = "schedule-lanes";
