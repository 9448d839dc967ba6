/** Background processes whose session is to be told of them after its turn. */
export const processes = `
create table watched_processes (
  owner text not null,
  label text not null,
  id text not null,
  backend text not null,
  session_id text not null references sessions (id) on delete cascade,
  turn_id text not null references turns (id) on delete cascade,
  command text not null,
  patterns jsonb not null,
  looked_at bigint not null default 0,
  pending text not null default '',
  notices integer not null default 0,
  noticed_at timestamptz,
  overflows integer not null default 0,
  overflowing boolean not null default false,
  watcher text,
  watch_until timestamptz not null default now(),
  primary key (owner, id)
);
`;
