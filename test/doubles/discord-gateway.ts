import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { type Body, list, record, text } from "./discord-wire.ts";

/** What a session is told when it begins. */
export interface Welcome {
  readonly token: string;
  readonly bot: string;
  /** Intents that the application may ask for, as bits; others close the socket with 4014. */
  readonly intents: () => number;
  ready(): Body;
  /** Events right after READY: a GUILD_CREATE for each guild. */
  after(): readonly { readonly t: string; readonly d: Body }[];
  heartbeatMs: number;
  changed(): void;
}

/** The gateway: hello, heartbeats, identify, resume, reconnect, invalid sessions. */
export interface Gateway {
  /** An event for every session, connected or not. Returns what number it has in the newest. */
  dispatch(t: string, d: Body): number;
  /** A frame of any shape to every connected socket. */
  raw(frame: string): void;
  /** Says an event again, with its number. */
  redeliver(s: number): void;
  /** Events are kept back until they are released. */
  hold(): void;
  release(order?: "kept" | "reversed"): void;
  /** Closes the sockets with a code; 0 cuts them without a word. */
  drop(code: number): void;
  /** Op 7. */
  reconnect(): void;
  /** Op 9; sessions that can't be resumed are forgotten. */
  invalidate(resumable: boolean): void;
  /** Refuses new sockets until it is turned off again. */
  refuse(refused: boolean): void;
  /** Forgets all sessions, as after hours away. */
  forget(): void;
  readonly identifies: () => readonly Body[];
  readonly resumes: () => readonly Body[];
  readonly beats: () => number;
  readonly connected: () => number;
  close(): void;
}

interface Session {
  readonly id: string;
  readonly intents: number;
  readonly events: { readonly t: string; readonly s: number; readonly d: Body }[];
  socket: WebSocket | null;
}

export function createGateway(server: Server, welcome: Welcome, url: () => string): Gateway {
  const sessions = new Map<string, Session>();
  const identifies: Body[] = [];
  const resumes: Body[] = [];
  const state = { beats: 0, refused: false };
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (state.refused) socket.destroy();
    else sockets.handleUpgrade(request, socket, head, (opened) => open(opened));
  });
  const push = (session: Session, t: string, d: Body): number => {
    const event = { t, s: session.events.length + 1, d };
    session.events.push(event);
    send(session.socket, { op: 0, ...event });
    return event.s;
  };
  const identify = (socket: WebSocket, d: Body): void => {
    identifies.push(d);
    const intents = Number(d["intents"]);
    if (d["token"] !== welcome.token) return socket.close(4_004, "Authentication failed.");
    if ((intents & ~welcome.intents()) !== 0) return socket.close(4_014, "Disallowed intent(s).");
    const session: Session = { id: randomUUID().replaceAll("-", ""), intents, events: [], socket };
    sessions.set(session.id, session);
    socket.once("close", () => leave(session, socket));
    push(session, "READY", { v: 10, session_id: session.id, resume_gateway_url: url(), ...welcome.ready() });
    for (const { t, d: data } of welcome.after()) push(session, t, data);
    welcome.changed();
  };
  const resume = (socket: WebSocket, d: Body): void => {
    resumes.push(d);
    const session = sessions.get(text(d["session_id"]) ?? "");
    if (d["token"] !== welcome.token) return socket.close(4_004, "Authentication failed.");
    if (!session) return send(socket, { op: 9, d: false });
    session.socket = socket;
    socket.once("close", () => leave(session, socket));
    for (const event of session.events.filter(({ s }) => s > Number(d["seq"]))) send(socket, { op: 0, ...event });
    push(session, "RESUMED", {});
    welcome.changed();
  };
  const open = (socket: WebSocket): void => {
    send(socket, { op: 10, d: { heartbeat_interval: welcome.heartbeatMs } });
    socket.on("message", (raw: Buffer) => {
      const frame = record(JSON.parse(raw.toString("utf8")));
      const d = record(frame["d"]);
      if (frame["op"] === 1) {
        state.beats += 1;
        send(socket, { op: 11 });
      } else if (frame["op"] === 2) identify(socket, d);
      else if (frame["op"] === 6) resume(socket, d);
      welcome.changed();
    });
  };
  let held: { readonly t: string; readonly d: Body }[] | null = null;
  const dispatch = (t: string, d: Body): number => {
    const numbers = [...sessions.values()]
      .filter((session) => wanted(session, t, d))
      .map((session) => push(session, t, withoutContent(session, t, d, welcome.bot)));
    welcome.changed();
    return numbers.at(-1) ?? 0;
  };
  const connected = (): Session[] => [...sessions.values()].filter(({ socket }) => socket !== null);
  return {
    hold: () => void (held ??= []),
    release(order = "kept") {
      const waiting = held ?? [];
      held = null;
      for (const { t, d } of order === "kept" ? waiting : waiting.toReversed()) dispatch(t, d);
    },
    dispatch(t, d) {
      if (!held) return dispatch(t, d);
      held.push({ t, d });
      return 0;
    },
    raw(frame) {
      for (const { socket } of connected()) socket?.send(frame);
    },
    redeliver(s) {
      for (const session of connected()) {
        const event = session.events.find((each) => each.s === s);
        if (event) send(session.socket, { op: 0, ...event });
      }
    },
    drop(code) {
      for (const { socket } of connected()) {
        if (code === 0) socket?.terminate();
        else socket?.close(code);
      }
    },
    reconnect() {
      for (const { socket } of connected()) send(socket, { op: 7, d: null });
    },
    invalidate(resumable) {
      for (const session of connected()) {
        if (!resumable) sessions.delete(session.id);
        send(session.socket, { op: 9, d: resumable });
      }
    },
    refuse(refused) {
      state.refused = refused;
    },
    forget: () => sessions.clear(),
    identifies: () => identifies,
    resumes: () => resumes,
    beats: () => state.beats,
    connected: () => connected().length,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}

function send(socket: WebSocket | null, frame: Body): void {
  if (socket && socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
}

function leave(session: Session, socket: WebSocket): void {
  if (session.socket === socket) session.socket = null;
}

const bits = { guildMessages: 1 << 9, directMessages: 1 << 12, content: 1 << 15 };

/** Messages come only with their intents. */
function wanted({ intents }: Session, t: string, d: Body): boolean {
  if (!t.startsWith("MESSAGE_")) return true;
  return (intents & (d["guild_id"] === undefined ? bits.directMessages : bits.guildMessages)) !== 0;
}

/** Without the intent for it, other people's words come only where they are meant for the bot. */
function withoutContent({ intents }: Session, t: string, d: Body, bot: string): Body {
  const meant = d["guild_id"] === undefined || list(d["mentions"]).some((user) => record(user)["id"] === bot);
  if (t !== "MESSAGE_CREATE" || meant || (intents & bits.content) !== 0) return d;
  return { ...d, content: "", attachments: [], embeds: [], components: [] };
}
