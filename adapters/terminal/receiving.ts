import { z } from "zod";
import type { Inlet } from "../../src/core/adapter.ts";
import { asFailure } from "../../src/core/failures.ts";
import { type FileRef, largestFile, mostFiles } from "../../src/core/files.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import { fileKind } from "../../src/core/media-types.ts";
import { sizeWords } from "../../src/core/size-words.ts";
import {
  homeAccount,
  mostSaid,
  narrowedKey,
  seatChat,
  type TerminalCall,
  type TerminalCommand,
  type TerminalHears,
  type TerminalPost,
  type TerminalSays,
} from "../../src/core/terminal.ts";
import { isToolsetName } from "../../src/core/toolsets.ts";
import type { MissedPost, TerminalVisit } from "../platform.ts";
import { plainName } from "../kept-files.ts";
import type { Turns } from "../turns.ts";
import { filePath } from "./files.ts";
import type { Guests } from "./guests.ts";
import type { TerminalOptions } from "./options.ts";

export interface ReceivingParts {
  readonly options: TerminalOptions;
  readonly turns: Turns;
  readonly guests: Guests;
  /** Null while nothing is taken in. */
  inlet(): Inlet | null;
}

const id = z.string().regex(/^[\w-]{8,64}$/);
const call = z.object({
  seat: z.string().regex(/^[\w.,-]{1,100}(?: \d{1,3})?$/),
  only: z.array(z.string().refine(isToolsetName)).min(1).nullable(),
  resume: z.string().min(1).max(100).nullable(),
  language: z.string().max(35).nullable(),
  looks: z.boolean(),
}) satisfies z.ZodType<TerminalCall>;
const says: z.ZodType<TerminalSays> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("file"),
    id,
    name: z.string().min(1).max(1_000),
    bytes: z
      .string()
      .min(1)
      .max(2 * largestFile),
  }),
  z.object({
    type: z.literal("say"),
    id,
    text: z.string().max(mostSaid),
    files: z.array(id).max(mostFiles).default([]),
  }),
  z.object({ type: z.literal("stop"), id }),
  // Sixty-four bytes: what the smallest platform's buttons carry.
  z.object({ type: z.literal("press"), id, data: z.string().min(1).max(64) }),
  z.object({ type: z.literal("seen"), post: z.string().regex(/^out-\d+$/) }),
  z.object({ type: z.literal("look"), message: id.nullable() }),
  z.object({ type: z.literal("suggest"), id, command: z.string().max(64), typed: z.string().max(200) }),
]);

/** Takes in those who come over the home's socket. */
export function receiver(parts: ReceivingParts): (call: string, visit: TerminalVisit) => void {
  return (text, visit) => {
    const asked = call.safeParse(parsed(text));
    if (!asked.success) {
      tell(visit, refusal(null, "This `hermes` and the running service don't understand each other. Restart the service."));
      return visit.leave();
    }
    const seat = parts.guests.sit(asked.data.seat, visit);
    const guest = { parts, visit, seat, chat: seatChat(seat), language: asked.data.language, shown: { upTo: 0 } };
    // In the order in which they are said: what narrows the tools is known before the first question.
    let last = greet(guest, asked.data).catch((thrown: unknown) => {
      tell(visit, refusal(null, asFailure(thrown).message));
      visit.leave();
    });
    visit.listen(
      (message) => {
        last = last
          .then(() => hear(guest, message))
          .catch((thrown: unknown) => parts.options.log.warn({ error: thrown }, "a terminal could not be answered"));
      },
      () => parts.guests.leave(seat, visit),
    );
  };
}

interface Guest {
  readonly parts: ReceivingParts;
  readonly visit: TerminalVisit;
  readonly seat: string;
  readonly chat: ReturnType<typeof seatChat>;
  readonly language: string | null;
  /** The number of the newest post that has been shown. */
  readonly shown: { upTo: number };
}

async function greet(guest: Guest, { only, resume, looks }: TerminalCall): Promise<void> {
  const { parts, visit, seat, chat } = guest;
  const { options, turns, guests } = parts;
  if (only !== null) await options.settings.set(narrowedKey(chat), only.join(","));
  if (resume !== null && !(await options.resume(chat, resume))) {
    tell(visit, refusal(null, "There is no such conversation of yours to go on with. `hermes sessions list` shows them."));
    return visit.leave();
  }
  const none = { commands: [], missed: [], events: [] };
  const { version } = options;
  const toolProgress = await options.toolProgress(chat);
  if (!looks) return tell(visit, { type: "hello", seat, version, toolProgress, ...none });
  guest.shown.upTo = Number((await options.settings.get(seenKey(seat))) ?? 0);
  const missed = await options.missed(chat, guest.shown.upTo);
  const commands = (await options.offered()).map(({ name, aliases, description: about, argument, skill = false }) => ({
    name,
    aliases,
    about,
    argument: argument !== undefined,
    skill,
  }));
  const known = commands satisfies readonly TerminalCommand[];
  const told = new Set(missed.map((post) => post.id));
  const just = guests.justPosted(seat).filter(({ id }) => id !== null && !told.has(id) && numberOf(id) > guest.shown.upTo);
  const posts = [...missed.map((post) => withFile(options.home, post)), ...just];
  // At the very last: what is said from now on comes after this.
  const events = turns
    .list()
    .filter(({ turn }) => guests.isOf(turn, seat))
    .flatMap(({ turn, replyTo, fence, events: said }) => said.map((event) => ({ turn, replyTo, fence, seq: 0, event })));
  tell(visit, { type: "hello", seat, version, toolProgress, commands: known, missed: posts, events });
}

async function hear(guest: Guest, message: unknown): Promise<void> {
  const { parts, visit, seat, chat } = guest;
  const { options } = parts;
  const said = says.safeParse(message);
  if (!said.success) return tell(visit, refusal(idIn(message), "This could not be read; it may be too long."));
  const { data } = said;
  const language = guest.language === null ? {} : { language: guest.language };
  const base = { chat, kind: "private" as const, sender: { ...homeAccount, ...language }, at: Date.now() };
  switch (data.type) {
    case "file":
      return await keep(guest, data);
    case "say": {
      const files = await attached(guest, data.files ?? []);
      if (files === null) return tell(visit, { ...refusal(data.id, "Its files did not arrive."), again: true });
      if (files.length === 0 && data.text === "") return tell(visit, refusal(data.id, "This says nothing."));
      const about = { text: data.text, messageId: data.id, addressed: true, ...(files.length === 0 ? {} : { files }) };
      return await receive(guest, data.id, { type: "message", key: `terminal:${data.id}`, ...base, ...about });
    }
    case "stop":
      return await receive(guest, data.id, { type: "stop", key: `terminal:stop:${data.id}`, ...base, turn: null });
    case "press":
      return await receive(guest, data.id, { type: "button", key: `terminal:press:${data.id}`, ...base, data: data.data });
    case "seen": {
      const number = numberOf(data.post);
      if (number <= guest.shown.upTo) return;
      guest.shown.upTo = number;
      return await options.settings.set(seenKey(seat), String(number));
    }
    case "look":
      return tell(visit, { type: "state", ...(await options.state(chat, data.message)) });
    case "suggest": {
      const list = await options.suggest(base, data.command, data.typed);
      return tell(visit, { type: "suggestions", id: data.id, list });
    }
  }
}

/** Keeps a file for a message that comes after it. */
async function keep({ parts, visit }: Guest, said: TerminalSays & { readonly type: "file" }): Promise<void> {
  const { options } = parts;
  const bytes = Buffer.from(said.bytes, "base64");
  if (bytes.length === 0 || bytes.length > largestFile)
    return tell(visit, refusal(said.id, `A file may have at most ${sizeWords(largestFile)}, and must have something in it.`));
  const name = plainName(said.name, nameChars);
  try {
    await options.files.keep({ id: said.id, kind: fileKind(name, bytes), name }, bytes);
    tell(visit, { type: "taken", id: said.id });
  } catch (thrown) {
    options.log.warn({ error: thrown }, "a file from a terminal was not stored");
    tell(visit, { ...refusal(said.id, "Hermes could not take this in just now."), again: true });
  }
}

const nameChars = 200;

/** The files of a message, in its order; null: one of them is not here. */
async function attached({ parts }: Guest, ids: readonly string[]): Promise<readonly FileRef[] | null> {
  if (ids.length === 0) return [];
  const found = await parts.options.files.of(ids);
  return found.length < ids.length ? null : found.map(({ id: ref, kind, name, size }) => ({ kind, name, size, ref }));
}

/** Says that it was taken only when the inbox has it. */
async function receive({ parts, visit }: Guest, message: string, inbound: Inbound): Promise<void> {
  const inlet = parts.inlet();
  try {
    if (inlet === null) return tell(visit, { ...refusal(message, "Hermes is stopping or starting."), again: true });
    await inlet.receive(inbound);
    tell(visit, { type: "taken", id: message });
  } catch (thrown) {
    const { code, message: why } = asFailure(thrown);
    parts.options.log.warn({ key: inbound.key, code, error: why }, "a message from a terminal was not stored");
    tell(visit, { ...refusal(message, "Hermes could not take this in just now."), again: true });
  }
}

function withFile(home: string, { fileName, ...post }: MissedPost): TerminalPost {
  return { ...post, file: fileName === null || post.id === null ? null : filePath(home, post.id, fileName) };
}

/** A post's place in the order of all. */
function numberOf(post: string): number {
  return Number(post.slice("out-".length));
}

function seenKey(seat: string): string {
  return `terminal.seen:${seat}`;
}

function refusal(message: string | null, why: string) {
  return { type: "refused", id: message, why, again: false } as const;
}

function tell(visit: TerminalVisit, message: TerminalHears): void {
  visit.say(message);
}

function idIn(message: unknown): string | null {
  const found = z.object({ id }).safeParse(message);
  return found.success ? found.data.id : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
