import { sql } from "kysely";
import type { ChatKind, ChatRef } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import type { Db } from "./hold.ts";

/** A chat that a person may have something posted in. */
export interface Reachable {
  readonly chat: ChatRef;
  readonly kind: ChatKind;
}

/** A person's own private chats, and the shared ones that they have spoken in; the latest first. */
export async function reachableBy(db: Db, person: string): Promise<readonly Reachable[]> {
  const found = await sql<{ platform: string; chat: string; thread: string; kind: ChatKind }>`
    select c.platform, c.chat, c.thread, c.kind, max(m.id) as last
    from conversations c join sessions s on s.conversation_id = c.id join messages m on m.session_id = s.id
    where m.person_id = ${person} and c.platform not in (${sql.join(Object.values(errandPlatforms))}) and (c.kind = 'shared' or not exists (
      select 1 from messages x join sessions y on y.id = x.session_id
      where y.conversation_id = c.id and x.person_id is not null and x.person_id <> ${person}))
    group by c.id order by last desc limit 50`.execute(db);
  return found.rows.map(({ platform, chat, thread, kind }) => ({
    chat: { platform, chat, thread: thread === "" ? null : thread },
    kind,
  }));
}
