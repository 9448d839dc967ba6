/** What the slash commands answer, in one language, beside `AnswerWords`. Names, titles and code come as they are to be shown. */
import type { BusyMode, ProgressMode } from "./chat-settings.ts";
import type { ChatKind, Role } from "./chats.ts";
import type { ErrandType } from "./errand.ts";
import type { MemoryScope, MemoryTarget } from "./memory.ts";

/** By the command. */
export interface Replies {
  /** E.g. `12 s`, `3 min`, `2 h 5 min`, `3 days`. */
  duration(ms: number): string;
  readonly roles: Readonly<Record<Role, string>>;
  readonly asConfigured: string;
  readonly agents: {
    readonly none: string;
    readonly noneToStop: string;
    readonly usage: string;
    noNumber(number: string): string;
    line(name: string, person: string, about: string, at: string, time: string): string;
    readonly waiting: string;
    readonly asking: string;
    working(step: number, most: number | null, tool: string | null): string;
    stopping(tasks: readonly string[]): string;
  };
  readonly approve: { readonly say: string };
  readonly approvals: {
    readonly none: string;
    readonly head: string;
    readonly usage: string;
    readonly nothingOwn: string;
    noNumber(number: string): string;
    takenBack(count: number): string;
    grant(grant: GrantShown): string;
    readonly unknownKind: string;
  };
  readonly background: { readonly say: string; readonly files: string; readonly enough: string; begun(number: number): string };
  readonly btw: { readonly say: string; readonly files: string };
  readonly branch: { readonly none: string; readonly done: string };
  readonly busy: { readonly say: string; now(mode: string): string; chosen(mode: BusyMode | null): string };
  readonly compress: Readonly<Record<"nothing" | "begun" | "after_turn" | "already", string>>;
  readonly footer: { readonly say: string; readonly auto: string; readonly on: string; readonly off: string };
  readonly memory: {
    readonly heads: Readonly<Record<MemoryScope, string>>;
    readonly nothing: Readonly<Record<MemoryScope, string>>;
    readonly titles: Readonly<Record<MemoryTarget, string>>;
    keptOut(why: string): string;
    usage(own: boolean): string;
    readonly everybodys: string;
    /** Of an entry that is meant by its number or a part of it. */
    readonly which: string;
    readonly noText: string;
    noNumber(number: string): string;
    several(count: number): string;
    readonly notYours: string;
    forgotten(entry: string): string;
    readonly nothingToExport: string;
    readonly exported: string;
    readonly inPrivate: string;
    shown(entry: string, number: number): string;
    hidden(entry: string): string;
    readonly nothingToUndo: string;
    readonly notUndone: Readonly<Record<"unknown" | "late" | "already" | "overwritten" | "full", string>>;
    readonly takenBack: string;
    noMore(entry: string): string;
    again(entry: string): string;
  };
  readonly model: {
    readonly ruling: string;
    readonly back: string;
    /** What a person would wonder about at the next, slow answer. */
    readonly cold: string;
    readonly usage: string;
    current(model: string, server: string, chosen: boolean): string;
    readonly noServer: string;
    readonly currentMark: string;
    cannotAsk(server: string, why: string): string;
    more(count: number): string;
    unknown(name: string): string;
    chosen(model: string): string;
    isDefault(model: string): string;
  };
  readonly reasoning: {
    now(level: string, levels: string): string;
    say(levels: string): string;
    chosen(level: string | null): string;
  };
  readonly resume: {
    readonly which: string;
    readonly several: string;
    readonly nothing: string;
    readonly goesOn: string;
    goesOnWith(title: string | null): string;
  };
  readonly sessions: {
    readonly notFound: string;
    none(kind: ChatKind): string;
    readonly usage: string;
    readonly usageFound: string;
    readonly untitled: string;
    requests(count: number): string;
  };
  readonly sethome: { done(platform: string, kind: ChatKind): string };
  readonly status: {
    working(time: string, step: number, tool: string | null): string;
    readonly idle: string;
    now(what: string, waiting: number): string;
    beside(counts: readonly (readonly [ErrandType, number])[]): string;
    title(title: string): string;
    conversation(entries: number, time: string): string;
    model(model: string, server: string): string;
    sandbox(sandbox: string): string;
    you(name: string, role: string): string;
  };
  readonly timezone: {
    readonly none: string;
    now(zone: string, time: string): string;
    readonly auto: string;
    chosen(zone: string, time: string): string;
    /** For `Intl`. */
    readonly locale: string;
  };
  readonly title: { readonly none: string; readonly wanting: string; given(title: string): string; readonly noTalk: string };
  readonly usage: {
    readonly nothing: string;
    requests(requests: number, calls: number): string;
    read(tokens: string, cached: string): string;
    written(tokens: string): string;
    newest(tokens: string): string;
    window(bar: string, percent: number, tokens: string, window: string): string;
  };
  readonly verbose: { readonly auto: string; readonly say: string; readonly chosen: Readonly<Record<ProgressMode, string>> };
  readonly whoami: { chat(platform: string, kind: ChatKind): string; readonly usualZone: string };
}

/** Something that was allowed for longer than once. */
export interface GrantShown {
  readonly number: number;
  /** What it does; the class's name; where. */
  readonly does: string;
  readonly class: string;
  readonly backend: string;
  /** For whom, where that is somebody else. */
  readonly person: string | null;
  /** The platform of the shared chat; null: in private. */
  readonly shared: string | null;
  readonly passing: boolean;
  /** Who allowed it; empty: nobody knows. */
  readonly by: string;
  readonly on: string;
}
