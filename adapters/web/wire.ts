import type { TurnEvent } from "../../src/core/events.ts";
import type { OutboundButton } from "../../src/core/outbound.ts";
import type { PageFile } from "./options.ts";
import type { TurnState } from "../turns.ts";

/** A finished message as the page shows it. `html` is safe to insert; nothing else is. */
export interface PagePost {
  readonly id: string;
  readonly html: string;
  readonly buttons: readonly OutboundButton[];
  readonly files: readonly PageFile[];
  readonly at: number;
  /** An earlier attempt may have arrived too. */
  readonly repeated: boolean;
}

/** What the page hears, one server-sent event each (`event:` is the type). */
export type WireEvent =
  /** The page has missed something (or has just opened): load the history, then show these. */
  | { readonly type: "fresh"; readonly turns: readonly TurnState[]; readonly asking: readonly PagePost[] }
  /** The page has missed nothing. */
  | { readonly type: "resumed" }
  | {
      readonly type: "turn";
      readonly turn: string;
      readonly replyTo: string | null;
      readonly fence: number;
      readonly events: readonly TurnEvent[];
    }
  /** `turn` is the turn this answers; its preview gives way to it. */
  | { readonly type: "post"; readonly turn: string | null; readonly post: PagePost }
  | { readonly type: "edit"; readonly id: string; readonly html: string; readonly buttons: readonly OutboundButton[] }
  /** Somebody wrote in one of the tabs. */
  | {
      readonly type: "person";
      readonly id: string;
      readonly text: string;
      readonly files: readonly PageFile[];
      readonly at: number;
    };
