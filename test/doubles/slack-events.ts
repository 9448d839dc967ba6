import { randomUUID } from "node:crypto";
import type { ServerSocket } from "./slack-socket.ts";
import { type Params, record, signed, words } from "./slack-wire.ts";

/** Something that Slack tells the app: `events_api`, `interactive` or `slash_commands`. */
export interface SlackEnvelope {
  readonly id: string;
  readonly type: "events_api" | "interactive" | "slash_commands";
  readonly payload: Params;
  attempt: number;
  /** When the app acknowledged it, epoch milliseconds; null while it has not. */
  ackedAt: number | null;
}

/** Where the app is reached without a socket. */
export interface SlackHook {
  readonly url: string;
  readonly secret: string;
}

/** What is told to the app, over its sockets or to its address. */
export interface SlackEvents {
  readonly envelopes: readonly SlackEnvelope[];
  readonly sockets: readonly ServerSocket[];
  /** Statuses of what was posted to the app's address, in order. */
  readonly posted: readonly number[];
  hook(hook: SlackHook | null): void;
  tell(type: SlackEnvelope["type"], payload: Params): SlackEnvelope;
  /** Tells it again, as Slack does when it saw no acknowledgement. */
  redeliver(envelope: SlackEnvelope): void;
  /** What waits while no socket is open is told when there is one; held back, it waits for `release`. */
  hold(): void;
  release(order?: "kept" | "reversed"): void;
  /** A new socket: says hello, and what no one has acknowledged. */
  joined(socket: ServerSocket): void;
  left(socket: ServerSocket): void;
  heard(text: string): void;
}

export function createSlackEvents(changed: () => void): SlackEvents {
  const envelopes: SlackEnvelope[] = [];
  const sockets: ServerSocket[] = [];
  const posted: number[] = [];
  let hook: SlackHook | null = null;
  let held: SlackEnvelope[] | null = null;
  const send = (envelope: SlackEnvelope): void => {
    if (held) return void held.push(envelope);
    if (hook) return void post(hook, envelope);
    const socket = sockets.findLast((each) => each.open);
    const { id, type, payload, attempt } = envelope;
    const retry = attempt > 0 ? { retry_attempt: attempt, retry_reason: "timeout" } : {};
    socket?.send(JSON.stringify({ envelope_id: id, type, payload, accepts_response_payload: type !== "events_api", ...retry }));
  };
  const post = async (to: SlackHook, envelope: SlackEnvelope): Promise<void> => {
    const { type, payload, attempt } = envelope;
    const json = type === "events_api";
    const fields = Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]);
    const form = new URLSearchParams(type === "interactive" ? [["payload", JSON.stringify(payload)]] : fields);
    const body = json ? JSON.stringify(payload) : form.toString();
    const kind = json ? "application/json" : "application/x-www-form-urlencoded";
    const retry = attempt > 0 ? { "x-slack-retry-num": String(attempt), "x-slack-retry-reason": "http_error" } : {};
    const headers = { "content-type": kind, ...signed(to.secret, body), ...retry };
    const response = await fetch(to.url, { method: "POST", headers, body }).catch(() => null);
    posted.push(response?.status ?? 0);
    if (response?.ok === true) envelope.ackedAt ??= Date.now();
    changed();
  };
  return {
    envelopes,
    sockets,
    posted,
    hook: (to) => void (hook = to),
    tell(type, payload) {
      const envelope: SlackEnvelope = { id: randomUUID(), type, payload, attempt: 0, ackedAt: null };
      envelopes.push(envelope);
      send(envelope);
      return envelope;
    },
    redeliver(envelope) {
      envelope.attempt += 1;
      send(envelope);
    },
    hold: () => void (held ??= []),
    release(order = "kept") {
      const waiting = held ?? [];
      held = null;
      for (const each of order === "kept" ? waiting : waiting.toReversed()) send(each);
    },
    joined(socket) {
      sockets.push(socket);
      const about = { num_connections: sockets.filter(({ open }) => open).length, connection_info: { app_id: "A1" } };
      socket.send(JSON.stringify({ type: "hello", debug_info: { host: "double" }, ...about }));
      for (const each of envelopes) if (each.ackedAt === null && !held?.includes(each)) send(each);
      changed();
    },
    left(socket) {
      if (sockets.includes(socket)) sockets.splice(sockets.indexOf(socket), 1);
      changed();
    },
    heard(text) {
      const id = words(record(JSON.parse(text))["envelope_id"]);
      const envelope = envelopes.find((each) => each.id === id);
      if (envelope) envelope.ackedAt ??= Date.now();
      changed();
    },
  };
}
