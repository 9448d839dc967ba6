import { randomUUID } from "node:crypto";
import type { LiveEvent, TurnEvent } from "../../src/core/events.ts";
import type { OutboundButton } from "../../src/core/outbound.ts";
import type { PageFile } from "./options.ts";
import type { Stream } from "./stream.ts";
import { createTurns, merge, type TurnState } from "../turns.ts";
import type { PagePost, WireEvent } from "./wire.ts";

/** A message to be shown, in both forms. */
export interface Said {
  readonly markdown: string;
  readonly html: string;
  readonly buttons: readonly OutboundButton[];
  readonly replyTo: string | null;
  /** Whether a turn waits for what it asks. */
  readonly asks: boolean;
  readonly repeated: boolean;
}

/** The one chat of the page: what is going on in it, and who is told. */
export interface Conversation {
  push(event: LiveEvent): void;
  post(said: Said): string;
  /** A file is a message of its own, under the file's id. */
  file(file: PageFile, repeated: boolean): void;
  edit(id: string, html: string, buttons: readonly OutboundButton[]): void;
  person(id: string, text: string, files: readonly PageFile[], at: number): void;
  /** What a page that has just opened needs beside the history. */
  fresh(): WireEvent;
  answeredBy(texts: readonly string[]): readonly string[];
  close(): void;
}

/** Two frames of a screen: deltas that come faster are sent together. */
const tickMs = 25;
/** Questions with buttons that a reload still shows. */
const askingKept = 20;

interface Pending {
  readonly state: TurnState;
  readonly events: TurnEvent[];
}

/** Gathers what turns say and passes it to the pages a tick at a time. */
export function createConversation(stream: Stream): Conversation {
  const turns = createTurns();
  const asking = new Map<string, PagePost>();
  let pending: Pending[] = [];
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const due = pending;
    pending = [];
    for (const { state, events } of due) stream.send({ type: "turn", ...state, events });
  }

  function ask(post: PagePost): void {
    if (post.buttons.length > 0) asking.set(post.id, post);
    else asking.delete(post.id);
    for (const oldest of asking.keys()) {
      if (asking.size <= askingKept) break;
      asking.delete(oldest);
    }
  }

  return {
    push({ event, ...address }) {
      if (!turns.take({ event, ...address })) return;
      const { turn, replyTo, fence } = address;
      const last = pending.at(-1);
      if (last?.state.turn === turn && last.state.fence === fence) merge(last.events, event);
      else pending.push({ state: { turn, replyTo, fence, events: [] }, events: [event] });
      timer ??= setTimeout(flush, tickMs);
    },
    post({ markdown, html, buttons, replyTo, asks, repeated }) {
      flush();
      const post = { id: randomUUID(), html, buttons, files: [], at: Date.now(), repeated };
      ask(post);
      stream.send({ type: "post", turn: turns.settle(replyTo, markdown, asks || buttons.length > 0), post });
      return post.id;
    },
    file(file, repeated) {
      flush();
      const post = { id: file.id, html: "", buttons: [], files: [file], at: Date.now(), repeated };
      stream.send({ type: "post", turn: null, post });
    },
    edit(id, html, buttons) {
      flush();
      ask({ id, html, buttons, files: [], at: asking.get(id)?.at ?? Date.now(), repeated: false });
      stream.send({ type: "edit", id, html, buttons });
    },
    person(id, text, files, at) {
      flush();
      stream.send({ type: "person", id, text, files, at });
    },
    fresh() {
      flush();
      return { type: "fresh", turns: turns.list(), asking: [...asking.values()] };
    },
    answeredBy: (texts) => turns.answeredBy(texts),
    close() {
      if (timer) clearTimeout(timer);
      stream.close();
    },
  };
}
