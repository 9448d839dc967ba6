/** Turns that no chat message began: runs of schedules, subagents, background tasks. */
export const errands = `
alter table conversations add column last_errand integer not null default 0;
create table errands (
  id text primary key,
  key text not null unique,
  type text not null check (type in ('run', 'subagent', 'background')),
  number integer not null,
  person_id text not null references people (id) on delete cascade,
  session_id text not null unique references sessions (id) on delete cascade,
  home_id text references conversations (id) on delete cascade,
  turn_id text references turns (id) on delete cascade,
  step integer,
  position integer,
  spec jsonb not null,
  status text not null default 'waiting' check (status in ('waiting', 'running', 'answered', 'failed', 'stopped')),
  held boolean not null default false,
  stop_why text,
  result jsonb,
  failure text,
  created_at timestamptz not null default now(),
  deadline_at timestamptz,
  began_at timestamptz,
  ended_at timestamptz,
  landed_at timestamptz
);
create index errands_turn on errands (turn_id) where turn_id is not null;
create index errands_open on errands (home_id) where ended_at is null;
create index errands_landing on errands (ended_at) where ended_at is not null and landed_at is null;
`;
