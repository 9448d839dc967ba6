/** Past conversations, searchable by their words. No language's rules: a team writes in several. */
export const search = `
alter table messages add column words tsvector generated always as (
  to_tsvector('simple', case when message->>'role' in ('user', 'assistant') then left(message->>'content', 20000) else '' end)) stored;
create index messages_words on messages using gin (words);
create index messages_person on messages (person_id, session_id) where person_id is not null;
`;
