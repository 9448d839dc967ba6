import type { LiveEvent } from "./events.ts";

/** Turn events on their way from the worker to the adapter. Losing them costs a preview, never an answer. */
export interface Live {
  /** Never throws and never waits: a broken transport is logged and the event dropped. */
  publish(event: LiveEvent): void;
  /** Events of one platform from now on (or, after a reconnect, from the last one seen). */
  subscribe(platform: string, onEvent: (event: LiveEvent) => void): Promise<LiveSubscription>;
  /** Asks whoever runs the turn to stop it, wherever it runs. The record has the request too; this only makes it fast. */
  signal(turn: string): void;
  /** Stop requests for any turn. */
  onSignal(listener: (turn: string) => void): Promise<LiveSubscription>;
  close(): Promise<void>;
}

export interface LiveSubscription {
  close(): Promise<void>;
}
