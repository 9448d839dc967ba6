import { z } from "zod";
import { parseChatKey } from "../../core/chats.ts";
import { redact } from "../../core/redact.ts";
import type { Db } from "../../store/hold.ts";
import { entitleSession } from "../../store/own-sessions.ts";
import { listPeople } from "../../store/people.ts";
import { deleteSession } from "../../store/session-delete.ts";
import {
  type ListedSession,
  listSessions,
  type SaidLine,
  sessionLines,
  sessionsMeant,
  type SessionsOf,
} from "../../store/session-list.ts";
import { plainTitle } from "../../commands/title.ts";
import { personNamed } from "./person.ts";

interface Reply {
  readonly ok: boolean;
  readonly text: string;
}

const whose = z.string().default("");
const which = z.string();
/**
 * What `hermes sessions` asks the record. `whose` is a person's name or account, `chat:KEY`, or empty: then the owner's private ones and those of
 * shared chats.
 */
const requests = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("list"), whose, words: z.string().default(""), limit: z.int().min(1).max(1_000) }),
  z.strictObject({ do: z.literal("find"), whose, which }),
  z.strictObject({ do: z.literal("show"), whose, which }),
  z.strictObject({ do: z.literal("rename"), whose, which, title: z.string() }),
  z.strictObject({ do: z.literal("delete"), whose, which }),
]);
export type SessionsRequest = z.input<typeof requests>;
type Asked = z.output<typeof requests>;

/** Runs one `hermes sessions` command; its answer is JSON, or what was wrong. Whoever can run it has this machine: roles are for chats. */
export async function sessionsControl(db: Db, args: readonly string[]): Promise<Reply> {
  try {
    const asked = requests.parse(JSON.parse(args[0] ?? ""));
    return { ok: true, text: JSON.stringify(await done(db, asked, await scopeOf(db, asked.whose))) };
  } catch (error) {
    if (error instanceof z.ZodError) return { ok: false, text: "The running service does not know this command. Restart it." };
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

async function done(db: Db, asked: Asked, of: SessionsOf): Promise<unknown> {
  if (asked.do === "list") return (await listSessions(db, of, asked)).map(shown);
  const session = await meant(db, of, asked.which);
  switch (asked.do) {
    case "find":
      return shown(session);
    case "show":
      return { ...shown(session), messages: (await sessionLines(db, session.id)).flatMap(said) };
    case "rename": {
      const title = plainTitle(asked.title);
      if (title === "") throw new Error("A title needs letters or digits.");
      await entitleSession(db, session.id, title);
      return shown({ ...session, title });
    }
    case "delete":
      if (!(await deleteSession(db, session.id)))
        throw new Error(
          "Something runs or waits in this conversation. Stop it first (/stop there), or wait until it is answered.",
        );
      return shown(session);
  }
}

async function scopeOf(db: Db, words: string): Promise<SessionsOf> {
  if (words.startsWith("chat:")) return { kind: "chat", chat: parseChatKey(words.slice(5)) };
  if (words !== "") return { kind: "person", person: (await personNamed(db, words)).id, shared: false };
  // Before anybody is in there may be an empty list all the same.
  const owner = (await listPeople(db)).find(({ role }) => role === "owner");
  return { kind: "person", person: owner?.id ?? "", shared: true };
}

async function meant(db: Db, of: SessionsOf, words: string): Promise<ListedSession> {
  const [first, second] = await sessionsMeant(db, of, words.trim());
  if (first === undefined) throw new Error(`There is no conversation "${words}". See: hermes sessions list`);
  if (second !== undefined)
    throw new Error(`That could be several conversations: ${first.id}, ${second.id} … Say which by its id.`);
  return first;
}

function shown({ id, title, kind, platform, chat, thread, name, at, requests: count, open }: ListedSession) {
  const where = { platform, chat, thread: thread === "" ? null : thread, name };
  return { id, title, kind, where, at: at.toISOString(), requests: count, open };
}

interface Said {
  readonly at: string;
  readonly role: string;
  readonly text: string;
  readonly person?: string | null;
  readonly tool?: string;
  readonly calls?: readonly { readonly tool: string; readonly arguments: string }[];
}

/** As it was said, but for secrets: what the model was told beside it is no part of the talk. */
function said({ at, person, message }: SaidLine): readonly Said[] {
  const common = { at: at.toISOString(), role: message.role };
  switch (message.role) {
    case "system":
      return [];
    case "user":
      return [{ ...common, person, text: redact(message.content) }];
    case "assistant": {
      const calls = message.calls.map(({ name, arguments: args }) => ({ tool: name, arguments: redact(args) }));
      return [{ ...common, text: redact(message.content), calls }];
    }
    case "tool":
      return [{ ...common, tool: message.name, text: redact(message.content) }];
  }
}
