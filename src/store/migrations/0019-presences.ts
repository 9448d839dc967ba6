/**
 * Since when somebody is known to be in a shared chat, all its threads together: when they last wrote there, and that they have left it.
 * Who wrote and left before their message was taken up has still left: only what arrives later brings them back (`storeInbound`).
 * Whoever has written before this came is there from then on: nobody could know that words are counted.
 */
export const presences = `
create table presences (
  person_id text not null references people (id) on delete cascade,
  platform text not null,
  chat text not null,
  seen_at timestamptz not null default '-infinity',
  left_at timestamptz,
  primary key (person_id, platform, chat)
);
insert into presences (person_id, platform, chat, seen_at)
  select distinct m.person_id, c.platform, c.chat, now() from messages m join sessions s on s.id = m.session_id
    join conversations c on c.id = s.conversation_id
  where m.person_id is not null and c.kind = 'shared' and c.platform not in ('schedule', 'subagent', 'background');
create or replace function message_audience() returns trigger language plpgsql as $$
declare
  place record;
begin
  select c.id, c.kind, c.platform, c.chat into place from sessions s join conversations c on c.id = s.conversation_id where s.id = new.session_id;
  if place.kind = 'private' then
    new.audience := 'p:' || coalesce((select person_id from turns where id = new.turn_id), new.person_id, '');
  else
    new.audience := 'c:' || place.id;
    if new.person_id is not null then
      insert into members (conversation_id, person_id) values (place.id, new.person_id) on conflict do nothing;
      -- Not at each message: an hour more or less is no matter.
      if place.platform not in ('schedule', 'subagent', 'background') and not exists (
        select 1 from presences p where p.person_id = new.person_id and p.platform = place.platform and p.chat = place.chat
          and p.seen_at > new.created_at - interval '1 hour') then
        insert into presences (person_id, platform, chat, seen_at) values (new.person_id, place.platform, place.chat, new.created_at)
          on conflict (person_id, platform, chat) do update set seen_at = greatest(presences.seen_at, excluded.seen_at);
      end if;
    end if;
  end if;
  return new;
end $$;
`;
