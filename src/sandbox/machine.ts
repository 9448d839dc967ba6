/** Where one owner's shells run: a container, a host reached by ssh, or this host itself. What is done there is the same for all. */
export interface Machine {
  /** For logs. */
  readonly owner: string;
  readonly place: Place;
  /** The most processes that may be there when a command begins: above it a bomb has been left behind. */
  readonly mostProcesses: number;
  /** What the model reads about a command that was killed from outside. */
  readonly killedNote: string;
  /** Brings it up where it is not. Cheap where it is. */
  ensure(): Promise<void>;
  /** Starts a program with pipes of its own, on a machine that is up. */
  spawn(argv: readonly string[], wish: SpawnWish): Promise<Pipes>;
  /** Ends everything on it and brings it up again; files stay. */
  restart(): Promise<void>;
  /** Null while it runs; otherwise what is known about its end, for the model. */
  whyStopped(): Promise<string | null>;
  /** The machine's own errors as failures with a mend; any other as it is. */
  failure(thrown: unknown): unknown;
}

/** Directories on the machine, absolute. */
export interface Place {
  /** The owner's files; also HOME. */
  readonly workspace: string;
  /** The shells' own files: a command's text, the environment that it left. */
  readonly state: string;
}

export interface SpawnWish {
  /** stdout and stderr in the order they come. */
  readonly onOutput: (chunk: Buffer) => void;
  /** Where it is given, stderr comes here. */
  readonly onError?: (chunk: Buffer) => void;
  /** Once, when nothing more will come. */
  readonly onEnd: () => void;
}

/** A running program's stdin, and the way to be rid of it. */
export interface Pipes {
  write(input: string | Uint8Array): void;
  /** Closes its stdin. */
  end(): void;
  /** Closes the connection; the program ends when its stdin does. */
  destroy(): void;
}

/** All processes of a machine that has no limit of its own. */
export const anyProcesses = 1_000_000;
