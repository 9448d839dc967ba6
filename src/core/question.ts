import type { Role } from "./chats.ts";
import type { OutboundButton } from "./outbound.ts";

/** `approval`: may this be done? `clarify`: what is meant? */
export type QuestionKind = "approval" | "clarify";

/** What a turn asks before it goes on. */
export interface Question {
  readonly kind: QuestionKind;
  /** Markdown. */
  readonly text: string;
  /** Buttons, in order; none where only words will do. */
  readonly choices: readonly string[];
  /** What the answer is bound to: within one call, another digest is another question. */
  readonly digest: string;
  /** After this nobody's answer counts any more, in milliseconds. */
  readonly lifetimeMs: number;
  readonly mayAnswer: Answerers;
}

/** Whose answer counts: the person whose turn asks, or everybody from a role up (with four eyes: but that person). */
export type Answerers =
  | { readonly type: "asker" }
  | { readonly type: "role"; readonly least: Exclude<Role, "guest">; readonly fourEyes: boolean };

/** What the data of a question's buttons begins with; nothing else's does. */
export const choicePrefix = "ask:";

/** What may be answered when leave is asked for, with the buttons' words. */
export const leaveLabels = { once: "Once", session: "This session", always: "Always", deny: "Deny" } as const;
export type LeaveChoice = keyof typeof leaveLabels;

/** The button that words mean: its number, its label, or yes and no where leave is asked for; null: they mean none. */
export function answerTo(buttons: readonly OutboundButton[], text: string): OutboundButton | null {
  const words = text.trim().toLowerCase();
  const label = (wanted: string) => buttons.find((each) => each.label.toLowerCase() === wanted) ?? null;
  const numbered = /^[1-9]\d?$/.test(words) ? buttons[Number(words) - 1] : undefined;
  if (numbered !== undefined) return numbered;
  const deny = label(leaveLabels.deny.toLowerCase());
  if (deny !== null && /^(?:n|no|deny)$/.test(words)) return deny;
  if (deny !== null && /^(?:y|yes|ok|once)$/.test(words)) return label(leaveLabels.once.toLowerCase());
  return label(words);
}

/** What came of a question. `choice` counts from 0; null where it was answered in words. `by` is a name, `byId` a person. */
export type Reply =
  | {
      readonly type: "answered";
      readonly choice: number | null;
      readonly text: string;
      readonly by: string;
      readonly byId: string;
    }
  | { readonly type: "expired" };

/**
 * Thrown through a tool whose question is still open: the turn parks, and when there is a reply the call runs again from its start.
 * So a tool asks before it does anything.
 */
export class Parked extends Error {
  constructor() {
    super("this call waits for a person's answer");
    this.name = "Parked";
  }
}
