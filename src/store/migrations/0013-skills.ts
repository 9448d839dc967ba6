/**
 * Skills, their files by what they are (so that one hash tells whether anything has changed), what waits for a person's yes, which
 * sessions have read which, and what was taken from the home.
 */
export const skills = `
create table skill_bundles (
  hash text primary key,
  meta jsonb not null,
  created_at timestamptz not null default now()
);
create table skill_files (
  bundle text not null references skill_bundles (hash) on delete cascade,
  path text not null,
  bytes bytea not null,
  executable boolean not null,
  primary key (bundle, path)
);
create table skills (
  id bigserial primary key,
  scope text not null check (scope in ('team', 'person')),
  owner text not null,
  name text not null,
  bundle text not null references skill_bundles (hash),
  origin jsonb not null,
  verdict text not null,
  added_by text references people (id) on delete set null,
  added_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (scope, owner, name),
  check ((scope = 'team') = (owner = ''))
);
create table skill_proposals (
  id text primary key,
  action text not null check (action in ('install', 'update', 'create', 'change', 'remove')),
  scope text not null,
  owner text not null,
  name text not null,
  bundle text references skill_bundles (hash),
  base text,
  origin jsonb not null,
  verdict text not null,
  findings jsonb not null,
  proposed_by text references people (id) on delete cascade,
  messages jsonb not null default '[]',
  status text not null default 'open' check (status in ('open', 'accepted', 'rejected')),
  decided_by text references people (id) on delete set null,
  created_at timestamptz not null default now(),
  decided_at timestamptz
);
create index skill_proposals_open on skill_proposals (scope, owner, name) where status = 'open';
create table skill_reads (
  session_id text not null references sessions (id) on delete cascade,
  name text not null,
  bundle text not null,
  read_at timestamptz not null default now(),
  primary key (session_id, name)
);
create table skill_imports (
  path text primary key,
  hash text not null,
  taken_at timestamptz not null default now()
);
`;
