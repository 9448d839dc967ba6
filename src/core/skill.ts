/** Skills: what people and the agent write down of how something is done. A skill is data: nothing in it gives anybody a right. */
import type { Finding } from "./approval.ts";
import type { Sandbox } from "./sandbox.ts";

/** One file of a skill; `SKILL.md` is one of them. Paths are relative, with `/`. */
export interface SkillFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** A variable that a skill's commands need. */
export interface SkillVariable {
  readonly name: string;
  /** What it is for, as its author says. */
  readonly about: string;
}

/** What the front matter of a SKILL.md says. */
export interface SkillMeta {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly author: string;
  readonly license: string;
  readonly tags: readonly string[];
  readonly category: string;
  /** Where it can be used: linux, macos, windows. Empty: everywhere. */
  readonly platforms: readonly string[];
  readonly variables: readonly SkillVariable[];
  readonly conditions: SkillConditions;
}

/** When a skill is offered. */
export interface SkillConditions {
  /** All of these must be there. */
  readonly requiresToolsets: readonly string[];
  readonly requiresTools: readonly string[];
  /** It is for want of these: offered only where one of them is missing. */
  readonly fallbackForToolsets: readonly string[];
  readonly fallbackForTools: readonly string[];
}

/** A skill whose files have been checked. */
export interface SkillBundle {
  readonly meta: SkillMeta;
  /** Of all its files: paths, contents, which of them run. */
  readonly hash: string;
  readonly files: readonly SkillFile[];
}

/** Whose a skill is: everybody's, or one person's own. */
export type SkillOwner = { readonly scope: "team" } | { readonly scope: "person"; readonly person: string };

/** Who looks: in a shared chat only what is the team's is there (`person` null). */
export interface SkillViewer {
  readonly person: string | null;
}

/** Where a skill came from. */
export interface SkillOrigin {
  readonly type: "shipped" | "home" | "folder" | "zip" | "url" | "github" | "git" | "well-known" | "hub" | "agent" | "person";
  /** What would find it again: an address, `owner/repo/path`, a name. */
  readonly from: string;
  /** The commit or version that was taken, where the source tells one. */
  readonly revision: string | null;
}

/** A skill as lists show it. */
export interface SkillEntry {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly owner: SkillOwner;
  readonly hash: string;
  readonly origin: SkillOrigin;
  readonly meta: SkillMeta;
}

export type SkillVerdict = "safe" | "caution" | "dangerous";

/** Something that the scan found in a skill. */
export interface SkillFinding {
  readonly level: Exclude<SkillVerdict, "safe">;
  /** What it would do, in a few words: "…". */
  readonly what: string;
  readonly file: string;
  /** From 1; 0: the whole file. */
  readonly line: number;
  /** The part itself, short, with nothing hidden in it. */
  readonly excerpt: string;
}

/** What is to be done once somebody has said yes. */
export type ProposalAction = "install" | "update" | "create" | "change" | "remove";

/** The tools' side of skills, bound to who asks. All give what the model reads, and throw for it. */
export interface SkillPorts {
  /** An empty name lists what there is. The skill's files are put into the sandbox, once there is something to be put there. */
  view(name: string, file: string, sandbox: () => Promise<Sandbox>): Promise<string>;
  /** Nothing is changed before a person has said yes. */
  propose(change: SkillChange): Promise<string>;
  /** The text without the values that skills were given. */
  conceal(text: string): string;
}

/** A change of a skill as the model asks for it. */
export type SkillChange =
  | { readonly action: "create"; readonly name: string; readonly content: string }
  | { readonly action: "edit"; readonly name: string; readonly content: string }
  | { readonly action: "patch"; readonly name: string; readonly file: string; readonly from: string; readonly to: string }
  | { readonly action: "write_file"; readonly name: string; readonly file: string; readonly content: string }
  | { readonly action: "remove_file"; readonly name: string; readonly file: string }
  | { readonly action: "delete"; readonly name: string };

/** What reading a skill from somewhere needs; made where the address guard and the policy are. */
export interface SkillReach {
  /** Reads an address through the guard; no more than `limit` bytes. */
  fetch(
    url: string,
    options: { readonly limit: number; readonly signal: AbortSignal; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<SkillFetched>;
  /**
   * Fetches a repository at any git server through the guard, with the host's git; `ref` empty: its default branch. Throws what a person
   * can act on.
   */
  repository(url: string, ref: string, signal: AbortSignal): Promise<SkillRepository>;
  /** What a command or program would do, by the policy's parser. */
  inspect(text: string, language: "shell" | "python"): Promise<readonly Finding[]>;
}

/** One commit of a repository, until it is disposed of. */
export interface SkillRepository extends AsyncDisposable {
  readonly revision: string;
  readonly entries: readonly RepositoryEntry[];
  read(entries: readonly RepositoryEntry[]): Promise<readonly Uint8Array[]>;
}

export interface RepositoryEntry {
  readonly path: string;
  readonly id: string;
  readonly bytes: number;
  /** `repository`: it only names another one. */
  readonly kind: "file" | "program" | "link" | "repository";
}

export interface SkillFetched {
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** What `/skills` and `hermes skills` answer: words for a person, and the same as data for a program. */
export interface SkillReply {
  readonly ok: boolean;
  /** Markdown; empty where a message of its own says it. */
  readonly text: string;
  readonly data: unknown;
}

/** The commands' side of skills, bound to the chat and the person who typed. */
export interface SkillCommands {
  /** What follows `/skills`. */
  run(args: string): Promise<SkillReply>;
}
