import { sql } from "kysely";
import { narrowedKey, onceSeat, seatChat } from "../core/terminal.ts";
import type { Db } from "./hold.ts";

/** How long nobody needs the tools of a conversation that nobody can go on with, once all in it is over. */
const keptDays = 1;

/** Drops which tools conversations of one question had to do with. What they said stays; whoever goes on with one has a seat of their own. */
export async function dropOnceSeats(db: Db): Promise<void> {
  const { platform, chat, thread } = seatChat(onceSeat);
  const begin = narrowedKey({ platform, chat, thread });
  await sql`
    delete from settings using conversations c
    where starts_with(settings.key, ${begin}) and c.platform = ${platform} and c.chat = ${chat}
      and c.thread = ${onceSeat}::text || substr(settings.key, ${begin.length + 1}::int)
      and c.created_at < now() - ${keptDays} * interval '1 day'
      and not exists (select 1 from errands e where e.home_id = c.id and e.ended_at is null)
      and not exists (
        select 1 from sessions s where s.conversation_id = c.id and (
          exists (select 1 from turns t where t.session_id = s.id and t.status in ('running', 'parked'))
          or exists (select 1 from inbox i where i.session_id = s.id and i.status = 'waiting')))`.execute(db);
}
