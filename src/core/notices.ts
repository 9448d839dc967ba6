import type { FailureCode } from "./failures.ts";

/** What a notice is about, so that whoever shows it can say it in their reader's language. */
export type NoticeAbout =
  | { readonly say: "looking"; readonly name: string }
  /** The conversation is being shortened; it has been, and why; the server has cut it, and it could not be. */
  | { readonly say: "shortening" }
  | { readonly say: "shortened"; readonly why: "full" | "cut" }
  | { readonly say: "unread"; readonly read: number; readonly expected: number }
  /** Of the model's server: what went wrong, and what is done about it. */
  | { readonly say: "retrying"; readonly code: FailureCode; readonly waitMs: number }
  | { readonly say: "loading" }
  | { readonly say: "going_on"; readonly code: FailureCode }
  | { readonly say: "instead"; readonly code: FailureCode; readonly model: string; readonly server: string }
  | { readonly say: "without_thinking" }
  | { readonly say: "other_mode"; readonly mode: string }
  | { readonly say: "only_model"; readonly server: string; readonly wanted: string; readonly model: string }
  | { readonly say: "other_address"; readonly from: string; readonly to: string };
