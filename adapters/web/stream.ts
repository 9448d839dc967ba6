import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { WireEvent } from "./wire.ts";

/** Every open page's event stream, and what a page that was away for a moment has missed. */
export interface Stream {
  /** Sends to all pages. Its cost does not grow with the text's age: one string for all of them. */
  send(event: WireEvent): void;
  /** Attaches a page. `fresh` is sent unless all that came after `lastId` is still here. False when there are too many. */
  attach(response: ServerResponse, lastId: string | null, fresh: () => WireEvent): boolean;
  close(): void;
}

interface Frame {
  readonly id: number;
  readonly text: string;
}

const pagesAtMost = 64;
/** What a reconnecting page can still catch up on, in characters. */
const replayChars = 2_000_000;
/** A page that has this much unread is cut off; it comes back and catches up. */
const unreadBytes = 1_000_000;
/** Below the minute after which proxies and browsers give up on a silent connection. */
const heartbeatMs = 20_000;

/** One stream for all tabs. Ids carry a mark of this process, so that a page notices a restart. */
export function createStream(epoch: string = randomUUID().slice(0, 8)): Stream {
  const pages = new Set<ServerResponse>();
  const frames: Frame[] = [];
  let kept = 0;
  let lastId = 0;
  let heartbeat: NodeJS.Timeout | null = null;

  function frame(event: WireEvent): string {
    const { type, ...data } = event;
    return `id: ${epoch}-${lastId}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  function detach(page: ServerResponse): void {
    pages.delete(page);
    if (pages.size > 0 || !heartbeat) return;
    clearInterval(heartbeat);
    heartbeat = null;
  }

  function write(page: ServerResponse, text: string): void {
    if (page.writableNeedDrain && page.writableLength > unreadBytes) {
      detach(page);
      page.destroy();
    } else page.write(text);
  }

  function keep(text: string): void {
    frames.push({ id: lastId, text });
    kept += text.length;
    while (kept > replayChars && frames.length > 0) kept -= frames.shift()?.text.length ?? 0;
  }

  function missedSince(last: string | null): readonly Frame[] | null {
    const [mark, number] = last?.split("-") ?? [];
    const id = Number(number);
    if (mark !== epoch || !Number.isInteger(id) || id > lastId) return null;
    const first = frames[0]?.id ?? lastId + 1;
    return id + 1 >= first ? frames.filter((each) => each.id > id) : null;
  }

  return {
    send(event) {
      lastId += 1;
      const text = frame(event);
      keep(text);
      for (const page of pages) write(page, text);
    },
    attach(response, last, fresh) {
      if (pages.size >= pagesAtMost) return false;
      const missed = missedSince(last);
      pages.add(response);
      response.once("close", () => detach(response));
      heartbeat ??= setInterval(() => pages.forEach((page) => write(page, ": still here\n\n")), heartbeatMs).unref();
      if (missed) for (const each of missed) write(response, each.text);
      write(response, frame(missed ? { type: "resumed" } : fresh()));
      return true;
    },
    close() {
      for (const page of pages) page.end();
      pages.clear();
      if (heartbeat) clearInterval(heartbeat);
    },
  };
}
