/** What may run, what must be asked for, and what never runs: the words of it. The rules are in `src/sandbox/policy/table.ts`. */
import type { ChatKind, Role } from "./chats.ts";

/** Every class of command that the policy knows, with what it says to a person: "This command …". */
export const classLabels = {
  delete_root: "deletes the whole system, a system folder or a home",
  fork_bomb: "starts processes until the machine stands still",
  format_disk: "formats or overwrites a disk",
  kill_agent: "stops the agent itself",
  delete_tree: "deletes folders with all that is in them",
  delete_many: "deletes or empties many files at once",
  permissions: "opens or hands over files widely",
  system_write: "changes the system's own files",
  kernel: "changes the kernel or its devices",
  ssh_keys: "changes SSH keys or their settings",
  secrets_write: "changes a file of passwords or keys",
  credentials: "reads passwords or keys",
  instructions: "changes the agent's own instructions or settings",
  outside_write: "writes outside the workspace",
  database: "deletes data from a database",
  services: "starts or stops services",
  power: "turns the machine off or restarts it",
  kill_wide: "ends processes by name or all at once",
  firewall: "changes the network or the firewall",
  users: "changes users, passwords or their rights",
  persistence: "arranges for something to run later or at every start",
  history: "wipes logs or the shell's history",
  privilege: "runs with more rights",
  remote_code: "runs code straight from the network",
  hidden_code: "runs something that only shows when it runs",
  inline_code: "runs a program written into the command",
  install: "installs or removes software",
  network: "reads from the network",
  upload: "sends data to the network",
  tunnel: "opens a way in from outside",
  git_rewrite: "throws away or overwrites work in git",
  containers: "controls containers or virtual machines",
  cloud: "changes or deletes machines or data in a cloud",
  send: "sends a message to another chat",
  mcp: "may change something through an MCP server",
  unparsable: "could not be read with certainty",
} as const;

/** A class of command. */
export type CommandClass = keyof typeof classLabels;

/** Why a model that judges commands came to no end of its own. */
export type SmartDoubt = "no_model" | "too_long" | "not_whole" | "failed" | "late" | "no_answer" | "unclear" | "unsure";

/** One thing found in an action. `floor`: never to be run on a machine that isn't a sandbox. */
export interface Finding {
  readonly class: CommandClass;
  /** The exact part of the command. */
  readonly what: string;
  readonly floor: boolean;
}

/** Where an action would take place. */
export type ActionBackend = "docker" | "ssh" | "local" | "virtual";

/** Something the agent is about to do for a person. */
export interface Action {
  readonly tool: string;
  /** The command (`run`), the file's path (`write`), the chat (`send`), or the call (`call`). */
  readonly command: string;
  /** What `command` is written in; only `run` minds it. */
  readonly language: "shell" | "python";
  readonly workdir: string;
  /** The directory that is the person's own there. */
  readonly workspace: string;
  readonly backend: ActionBackend;
  readonly kind: "run" | "write" | "send" | "call";
  readonly person: string;
  readonly role: Role;
  readonly session: string;
  readonly chat: ChatKind;
  /** Whether somebody is there who could be asked: not in schedules and one-shot runs. */
  readonly attended: boolean;
}

/** A class allowed without asking: for good (`session` null) or one session, by one person, or by the configuration (`person` null). */
export interface Allowance {
  readonly class: CommandClass;
  readonly person: string | null;
  readonly session: string | null;
  /** Null: wherever it runs. */
  readonly backend: ActionBackend | null;
}

/** How questions are settled: by a person, by the model of `auxiliary.approval` first, or not put at all. */
export type ApprovalMode = "manual" | "smart" | "off";

/** What decides over an action besides the table. */
export interface Policy {
  readonly mode: ApprovalMode;
  /** Globs of commands that never run. */
  readonly deny: readonly string[];
  readonly allowances: readonly Allowance[];
  /** What a container reaches: nothing, the hosts on a list, or everything. */
  readonly network: "none" | "allow" | "full";
  /** The agent's own home. */
  readonly home: string;
}

/** What is to be done with an action. */
export type Verdict =
  | { readonly type: "run" }
  /** A person is asked. `lasting`: it may be allowed for longer than once. */
  | { readonly type: "ask"; readonly findings: readonly Finding[]; readonly why: string; readonly lasting: boolean }
  /** The approval model is asked; where it isn't sure, a person. */
  | { readonly type: "smart"; readonly findings: readonly Finding[] }
  /** Does not run; the model reads why. */
  | { readonly type: "refuse"; readonly findings: readonly Finding[]; readonly message: string };
