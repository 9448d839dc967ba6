import type { ChatRef } from "./chats.ts";
import type { NoticeAbout } from "./notices.ts";

/**
 * How a turn ended. `handed_over`: this worker let go of it (drain, lost lease) and another will go on. `parked`: it waits for a person's
 * answer (it has said `asks` then) or for its subagents.
 */
export type TurnEnd = "answered" | "stopped" | "failed" | "handed_over" | "parked";

/** What a turn says while it runs. Plain JSON; lost without harm: the record has all that matters. */
export type TurnEvent =
  | { readonly type: "started" }
  /** A new model call begins; text so far was an interim remark, not the answer. */
  | { readonly type: "step"; readonly step: number }
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "reasoning"; readonly delta: string }
  /** The model is reading: `done` of `total` prompt tokens. */
  | { readonly type: "reading"; readonly done: number; readonly total: number }
  /** The model is busy with others: how many go first, and the expected wait in milliseconds (null: unknown). */
  | { readonly type: "queued"; readonly ahead: number; readonly waitMs: number | null }
  | { readonly type: "tool.started"; readonly call: string; readonly tool: string; readonly preview: string }
  | { readonly type: "tool.output"; readonly call: string; readonly chunk: string }
  | {
      readonly type: "tool.finished";
      readonly call: string;
      readonly tool: string;
      readonly ok: boolean;
      readonly ms: number;
    }
  /** The turn waits for a person's answer as soon as what runs beside that has ended. */
  | { readonly type: "asks" }
  /** A line for the person about something slow or odd ("the model is still loading"). */
  | { readonly type: "notice"; readonly text: string; readonly about?: NoticeAbout }
  /** What one of the turn's subagents is at. It comes from that one's own worker, also while the turn rests, with fence and seq 0. */
  | {
      readonly type: "agent";
      readonly agent: string;
      /** Its number and what it is about. */
      readonly name: string;
      readonly state: AgentState;
      /** A tool's few words; empty: it thinks, or it is over. */
      readonly doing: string;
      readonly step: number;
    }
  /** The conversation has been given a title. Comes in no turn: see `titled`. */
  | { readonly type: "titled"; readonly title: string }
  /** The record takes nothing of what a worker does for this person: it goes on later. Comes in no turn: see `unwritten`. */
  | { readonly type: "unwritten"; readonly person: string }
  | { readonly type: "finished"; readonly end: TurnEnd };

/** `asking`: it waits for a person's answer. One that waits for subagents of its own is `working`. */
export type AgentState = "waiting" | "working" | "asking" | "answered" | "failed" | "stopped";

/** An event with its address. `seq` counts from 1 within one attempt at a turn; `fence` tells attempts apart. */
export interface LiveEvent {
  readonly turn: string;
  readonly chat: ChatRef;
  readonly fence: number;
  readonly seq: number;
  /** The platform's id of the message that asked, so that a view can reply to it; null where there is none. */
  readonly replyTo: string | null;
  readonly event: TurnEvent;
}

/** Tells a session's chat of its new title. */
export function titled(session: string, chat: ChatRef, title: string): LiveEvent {
  return { turn: `title:${session}`, chat, fence: 0, seq: 1, replyTo: null, event: { type: "titled", title } };
}

/** Tells a session's chat that what is done there can't be stored now. */
export function unwritten(session: string, chat: ChatRef, person: string): LiveEvent {
  return { turn: `unwritten:${session}`, chat, fence: 0, seq: 1, replyTo: null, event: { type: "unwritten", person } };
}
