/** Chinese, Japanese kana and Korean: written without spaces, or with endings joined on. */
const dense = "\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\U00020000-\\U0003ffff";

/**
 * Search over a million messages, and in Chinese. Dense writing is indexed by pairs of neighbouring signs, so that any part of it is found.
 * `audience` says roughly who may see a message, to look at few; the search itself checks what each viewer may see. `members` are the
 * shared conversations that people have spoken in.
 */
export const searchScale = String.raw`
create function search_vector(message jsonb) returns tsvector language sql immutable parallel safe as $$
  select case
    when said.text ~ '[${dense}]' then
      to_tsvector('simple', regexp_replace(said.text, '([${dense}][${dense}]?)', ' \1 ', 'g')) ||
      to_tsvector('simple', regexp_replace(
        regexp_replace(regexp_replace(said.text, '[^${dense}]+', ' ', 'g'), '(^| )[${dense}]', ' ', 'g'),
        '([${dense}][${dense}]?)', ' \1 ', 'g'))
    else to_tsvector('simple', said.text) end
  from (select case when message->>'role' in ('user', 'assistant') then left(message->>'content', 20000) else '' end as text) said
$$;
create table members (
  conversation_id text not null references conversations (id) on delete cascade,
  person_id text not null references people (id) on delete cascade,
  primary key (person_id, conversation_id)
);
insert into members (conversation_id, person_id)
  select distinct s.conversation_id, m.person_id from messages m join sessions s on s.id = m.session_id
    join conversations c on c.id = s.conversation_id
  where m.person_id is not null and c.kind = 'shared';
alter table messages drop column words;
alter table messages add column audience text not null default '';
update messages m set audience = case when c.kind = 'private' then 'p:' || t.person_id else 'c:' || c.id end
  from sessions s, conversations c, turns t
  where s.id = m.session_id and c.id = s.conversation_id and t.id = m.turn_id;
alter table messages add column words tsvector generated always as (search_vector(message)) stored;
create index messages_words on messages using gin (words);
create index messages_audience on messages (audience, id);
create function message_audience() returns trigger language plpgsql as $$
declare
  place record;
begin
  select c.id, c.kind into place from sessions s join conversations c on c.id = s.conversation_id where s.id = new.session_id;
  if place.kind = 'private' then
    new.audience := 'p:' || coalesce((select person_id from turns where id = new.turn_id), new.person_id, '');
  else
    new.audience := 'c:' || place.id;
    if new.person_id is not null then
      insert into members (conversation_id, person_id) values (place.id, new.person_id) on conflict do nothing;
    end if;
  end if;
  return new;
end $$;
create trigger messages_audience before insert on messages for each row execute function message_audience();
`;
