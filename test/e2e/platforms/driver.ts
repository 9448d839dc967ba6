import type { Running } from "../../flow/service.ts";

/** A message of the agent's, as it stands in its chat now. */
export interface Line {
  readonly text: string;
  /** Labels of the buttons under it. */
  readonly buttons: readonly string[];
  readonly file: { readonly name: string; readonly bytes: Buffer } | null;
  /** False while the platform still shows it as being written. */
  readonly written: boolean;
}

export interface TestFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A place where one person and the agent talk: a private chat, a thread. What is said in it is meant for the agent. */
export interface Talk {
  /** Writes a message; what comes back tells of it again, as a platform does that saw no acknowledgement. */
  say(text: string, file?: TestFile): Promise<() => Promise<void>>;
  /** Uses a slash command in the platform's own way. */
  command(name: string): Promise<void>;
  /** Presses the newest button of this label. */
  press(label: string): Promise<void>;
  /** Presses the button that stops what is being written. */
  stop(): Promise<void>;
  /** The first value that is none of undefined, null and false; looked at whenever anything has happened. */
  until<T>(look: (lines: readonly Line[]) => T | undefined | null | false): Promise<T>;
}

/** `limit`: the next sends are refused with 429. `lost`: one is taken, and its answer never arrives. `garbled`: it is taken, and answered with nonsense. */
export type Trouble = "limit" | "lost" | "garbled";

/** What a platform does not have: why, and a proof. A scenario is never just left out. */
export interface Lack {
  readonly why: string;
  proof(driver: Driver): Promise<void>;
}

/** People, and the platform's own misbehaviour, in one form for all platforms. */
export interface Driver extends AsyncDisposable {
  readonly platform: string;
  readonly env: Readonly<Record<string, string>>;
  /** Called after each start of the service: resolves when it is connected. */
  connected(hermes: Running): Promise<void>;
  /** A place where nobody has spoken yet. */
  talk(): Promise<Talk>;
  /** Two new threads of one place that is shared by many. */
  threads(): Promise<readonly [Talk, Talk]>;
  /** Plans a misbehaviour of sends to a talk; what comes back ends it. */
  trouble(talk: Talk, trouble: Trouble): () => void;
  /** The line over which the platform tells its events is cut. */
  cut(): void;
  /** What is said from now on is told at once, the last first, when the result is called. */
  disorder(): () => void;
  /** The place is deleted. */
  remove(talk: Talk): void;
  /** The person of this talk is called something else. */
  rename(talk: Talk, name: string): void;
  /** The service has been away for so long that the platform has forgotten its connection. */
  forget(): void;
  /** A send whose outcome is unknown can't be looked up: it is repeated with a remark. */
  readonly repeats: boolean;
  /** One talk at a time. */
  readonly alone: boolean;
  /** By the name of the scenario. */
  readonly lacks: Readonly<Record<string, Lack>>;
}

/** The remark of a repetition; the platforms differ in how they set it off. */
export const remark = /^(?:-# )?\(may be repeated\)\s+/;

/** Waits, and says of a wait in vain what stood there. */
export async function shown<T>(waiting: Promise<T>, lines: () => readonly Line[]): Promise<T> {
  return await waiting.catch((error: unknown) => {
    throw new Error(
      `${String(error)}\nshown: ${JSON.stringify(
        lines().map(({ file: _, ...rest }) => rest),
        null,
        1,
      )}`,
    );
  });
}
