import type { Role } from "./chats.ts";
import type { LeaveChoice, OutboundButton } from "./outbound.ts";

/** `approval`: may this be done? `clarify`: what is meant? */
export type QuestionKind = "approval" | "clarify";

/** What a turn asks before it goes on. */
export interface Question {
  readonly kind: QuestionKind;
  /** Markdown. */
  readonly text: string;
  /** Buttons, in order; none where only words will do. */
  readonly choices: readonly string[];
  /** Where leave is asked for: what each of them grants. */
  readonly leave?: readonly LeaveChoice[];
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

export type { LeaveChoice } from "./outbound.ts";

/** The button that words mean: its number, its label, or yes and no where leave is asked for; null: they mean none. */
export function answerTo(buttons: readonly OutboundButton[], text: string): OutboundButton | null {
  const words = text.trim().toLowerCase();
  const numbered = /^[1-9]\d?$/.test(words) ? buttons[Number(words) - 1] : undefined;
  if (numbered !== undefined) return numbered;
  const deny = buttonFor(buttons, "deny");
  if (deny !== null && /^(?:n|no|deny|不|否|拒绝)$/.test(words)) return deny;
  if (deny !== null && /^(?:y|yes|ok|once|是|好|可以)$/.test(words)) return buttonFor(buttons, "once");
  return buttons.find(({ label }) => label.toLowerCase() === words) ?? null;
}

/** The button that grants or denies. */
export function buttonFor(buttons: readonly OutboundButton[], wanted: LeaveChoice): OutboundButton | null {
  return buttons.find(({ label, means = formerLabels.get(label) }) => means === wanted) ?? null;
}

/** What each choice of a question grants: nothing where no leave is asked for, whatever its labels say. */
export function leaveOf({
  kind,
  choices,
  leave,
}: Pick<Question, "kind" | "choices" | "leave">): readonly (LeaveChoice | undefined)[] {
  if (kind !== "approval") return [];
  return leave ?? choices.map((label) => formerLabels.get(label));
}

/** Of questions that an older version has asked: it had labels alone. */
const formerLabels: ReadonlyMap<string, LeaveChoice> = new Map([
  ["Once", "once"],
  ["This session", "session"],
  ["Always", "always"],
  ["Deny", "deny"],
]);

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
