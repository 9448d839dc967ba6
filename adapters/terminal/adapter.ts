import { randomUUID } from "node:crypto";
import type { Adapter, Inlet } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import { seatOf, type TerminalHears, terminalPlatform } from "../../src/core/terminal.ts";
import { keptFile } from "../kept-files.ts";
import { createTurns } from "../turns.ts";
import { keepFile } from "./files.ts";
import { createGuests } from "./guests.ts";
import type { TerminalOptions } from "./options.ts";
import { receiver } from "./receiving.ts";

/** One message: Markdown, as the terminal itself lays it out in its own width. */
export interface TerminalChunk {
  readonly markdown: string;
  readonly footer: string | null;
}

/** Pushing costs nothing, so previews are not rationed. */
const unlimited = Number.POSITIVE_INFINITY;

/**
 * The terminals of this home: each a chat over the home's socket. What is posted while nobody sits there is in the record, and told when
 * somebody does.
 */
export function createTerminal(options: TerminalOptions): Adapter<TerminalChunk> {
  const turns = createTurns();
  const guests = createGuests();
  let inlet: Inlet | null = null;

  return {
    platform: terminalPlatform,
    previewsPerSecond: unlimited,
    async start(to) {
      inlet = to;
      options.host(receiver({ options, turns, guests, inlet: () => inlet }));
    },
    async pause() {
      inlet = null;
    },
    async close() {
      inlet = null;
      options.host(null);
      guests.close();
    },
    live: () => ({ kind: "push" }),
    render: (markdown, footer = "") => [{ markdown, footer: footer === "" ? null : footer }],
    async post(
      chat,
      { markdown, footer },
      { replyTo, answers = replyTo, buttons = [], asks = false, key, maybeRepeated = false },
    ) {
      const seat = seatIn(chat);
      turns.settle(replyTo, markdown, asks || buttons.length > 0);
      const id = key === undefined ? null : postId(key);
      guests.post(seat, { id, answers, markdown, footer, buttons, asks, repeated: maybeRepeated, file: null });
      return id ?? randomUUID();
    },
    async edit(chat, post, { markdown }) {
      guests.tell(seatIn(chat), { type: "edit", post, markdown } satisfies TerminalHears);
    },
    async postFile(chat, { name }, bytes, { key = randomUUID(), maybeRepeated = false }) {
      const seat = seatIn(chat);
      const id = postId(key);
      const file = await keepFile(options.home, id, name, bytes);
      const none = { answers: null, markdown: "", footer: null, buttons: [], asks: false };
      guests.post(seat, { id, ...none, repeated: maybeRepeated, file });
      return id;
    },
    fetchFile: ({ ref }, limitBytes) => keptFile(options.files, ref, limitBytes),
    async draft() {
      throw new Failure("internal", "Terminals show turns as they run; they have no drafts.");
    },
    // A terminal knows from the events that a turn runs.
    async typing() {},
    push({ chat, turn, replyTo, fence, seq, event }) {
      const seat = seatOf(chat);
      if (seat === null || !turns.take({ chat, turn, replyTo, fence, seq, event })) return;
      guests.note(turn, seat);
      guests.tell(seat, { type: "event", turn, replyTo, fence, seq, event } satisfies TerminalHears);
    },
  };
}

/** As the record's history names an entry of the outbox: `ENTRY:PART` is its key. */
function postId(key: string): string {
  return `out-${key.split(":", 1)[0]}`;
}

function seatIn(chat: ChatRef): string {
  const seat = seatOf(chat);
  if (seat === null) throw new Failure("platform.refused", `There is no terminal ${chat.chat}.`);
  return seat;
}
