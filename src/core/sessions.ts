/** A conversation of one's own, or of the chat, as `/sessions` lists it. */
export interface OwnSession {
  readonly id: string;
  /** Null before its first answer. */
  readonly title: string | null;
  readonly at: Date;
  readonly requests: number;
  /** A line where a search has found something. */
  readonly line?: string;
}

/** What a session has used. */
export interface SessionUsage {
  readonly requests: number;
  readonly calls: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** Tokens of its newest prompt, as its server counted them; null where it tells none. */
  readonly newestPrompt: number | null;
  /** What the model's window holds; null where nobody knows. */
  readonly window: number | null;
}

/** The conversations that the person may take up in this chat: in private their own private ones, in a shared chat that chat's. */
export interface SessionPorts {
  /** The newest first, but the one that is open here; with words, those that hold them. */
  list(words: string, limit: number): Promise<readonly OwnSession[]>;
  /** Goes on with one of them in this chat; false when it is not theirs to take up. */
  resume(id: string): Promise<boolean>;
  /** The title of the one that is open; null: none yet. */
  title(): Promise<string | null>;
  /** Gives the one that is open a title; false when none is. */
  entitle(title: string): Promise<boolean>;
  /** Goes on with a copy of the one that is open, which stays as it is; false when none is. */
  branch(title: string | null): Promise<boolean>;
  /** Takes the newest request and all that came of it out of the history. `summarised`: a summary already stands for it. */
  undo(): Promise<{ readonly type: "nothing" | "summarised" | "others" } | { readonly type: "undone"; readonly request: string }>;
  usage(): Promise<SessionUsage | null>;
}
