/** What turns ask people before they go on, and what people have allowed for longer than once. */
export const questions = `
create table questions (
  id text primary key,
  turn_id text not null references turns (id) on delete cascade,
  session_id text not null references sessions (id) on delete cascade,
  step integer not null,
  position integer not null,
  digest text not null,
  kind text not null check (kind in ('approval', 'clarify')),
  question jsonb not null,
  messages jsonb not null default '[]',
  status text not null default 'open' check (status in ('open', 'answered', 'expired')),
  choice integer,
  reply text not null default '',
  decided_by text references people (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  decided_at timestamptz,
  unique (turn_id, step, position, digest)
);
create index questions_open on questions (session_id) where status = 'open';
create table grants (
  id bigserial primary key,
  owner text not null,
  session_id text references sessions (id) on delete cascade,
  class text not null,
  backend text not null,
  granted_by text references people (id) on delete set null,
  created_at timestamptz not null default now()
);
create index grants_owner on grants (owner);
alter table turns drop constraint turns_status_check;
alter table turns add constraint turns_status_check check (status in ('running', 'parked', 'answered', 'stopped', 'failed'));
drop index turns_running;
create unique index turns_unfinished on turns (session_id) where status in ('running', 'parked');
alter table tool_calls drop constraint tool_calls_status_check;
alter table tool_calls add constraint tool_calls_status_check check (status in ('started', 'parked', 'done', 'failed', 'unknown'));
`;
