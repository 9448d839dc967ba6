/** What the page thread is asked and answers. */

export type PageJob = { readonly id: number } & (
  | { readonly type: "html"; readonly html: string; readonly url: string }
  | { readonly type: "pdf"; readonly data: Uint8Array }
  | { readonly type: "duckduckgo"; readonly html: string }
);

/** A page as the model reads it. */
export interface PageText {
  readonly title: string;
  readonly text: string;
}

export type PageReply = { readonly id: number } & (
  | { readonly ok: true; readonly page: PageText }
  /** A message that the model reads. */
  | { readonly ok: false; readonly message: string }
);

/** The thread's first word: from here on it reads. */
export type ThreadReady = "ready";
