/** What has been shortened of a session's history, and who asked for it. The journal itself stays as it is. */
export const compactions = `
create table compactions (
  id bigserial primary key,
  session_id text not null references sessions (id) on delete cascade,
  person_id text references people (id) on delete set null,
  head_id bigint not null,
  upto_id bigint not null,
  kept jsonb not null default '[]',
  pruned jsonb not null default '[]',
  summary text,
  messages_before integer not null,
  messages_after integer not null,
  tokens_before integer not null,
  tokens_after integer not null,
  created_at timestamptz not null default now()
);
create index compactions_session on compactions (session_id, id);
alter table sessions add column compress_requested jsonb;
create index sessions_compress on sessions (id) where compress_requested is not null;
`;
