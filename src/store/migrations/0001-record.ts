/** The first schema: people, conversations, the way of a message, and the journal. */
export const record = `
create table people (
  id text primary key,
  name text not null,
  role text not null check (role in ('owner', 'admin', 'member', 'guest')),
  created_at timestamptz not null default now()
);
create table identities (
  platform text not null,
  account text not null,
  person_id text not null references people (id) on delete cascade,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (platform, account)
);
create index identities_person on identities (person_id);
create table pairings (
  code text primary key,
  platform text not null,
  account text not null,
  name text not null,
  chat_key text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  unique (platform, account)
);
create table conversations (
  id text primary key,
  platform text not null,
  chat text not null,
  thread text not null default '',
  kind text not null check (kind in ('private', 'shared')),
  created_at timestamptz not null default now(),
  unique (platform, chat, thread)
);
create table sessions (
  id text primary key,
  conversation_id text not null references conversations (id) on delete cascade,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  prompt jsonb,
  holder text,
  lease_until timestamptz,
  fence bigint not null default 0
);
create unique index sessions_open on sessions (conversation_id) where ended_at is null;
create index sessions_held on sessions (holder) where holder is not null;
create table inbox (
  id bigserial primary key,
  key text not null unique,
  chat_key text not null,
  inbound jsonb not null,
  status text not null default 'new' check (status in ('new', 'waiting', 'taken', 'done')),
  session_id text references sessions (id) on delete set null,
  person_id text references people (id) on delete set null,
  turn_id text,
  received_at timestamptz not null default now()
);
create index inbox_new on inbox (id) where status = 'new';
create index inbox_waiting on inbox (session_id, id) where status = 'waiting';
create table turns (
  id text primary key,
  session_id text not null references sessions (id) on delete cascade,
  person_id text not null references people (id) on delete cascade,
  inbox_id bigint not null references inbox (id),
  status text not null default 'running' check (status in ('running', 'answered', 'stopped', 'failed')),
  step integer not null default 0,
  tool text,
  stop_requested boolean not null default false,
  attempts integer not null default 0,
  failure text,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create unique index turns_running on turns (session_id) where status = 'running';
create index turns_session on turns (session_id, created_at);
create table messages (
  id bigserial primary key,
  session_id text not null references sessions (id) on delete cascade,
  turn_id text not null references turns (id) on delete cascade,
  person_id text references people (id) on delete set null,
  message jsonb not null,
  created_at timestamptz not null default now()
);
create index messages_session on messages (session_id, id);
create index messages_turn on messages (turn_id, id);
create table tool_calls (
  turn_id text not null references turns (id) on delete cascade,
  step integer not null,
  position integer not null,
  call_id text not null,
  name text not null,
  kind text not null check (kind in ('read', 'effect')),
  status text not null check (status in ('started', 'done', 'failed', 'unknown')),
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (turn_id, step, position)
);
create table outbox (
  id bigserial primary key,
  key text not null unique,
  platform text not null,
  chat_key text not null,
  turn_id text,
  body jsonb not null,
  status text not null default 'pending' check (status in ('pending', 'sending', 'sent', 'refused')),
  sent jsonb not null default '[]',
  attempts integer not null default 0,
  holder text,
  lease_until timestamptz,
  not_before timestamptz not null default now(),
  failure text,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index outbox_open on outbox (platform, chat_key, id) where status in ('pending', 'sending');
create table previews (turn_id text primary key, message text not null);
create table memories (
  scope text not null check (scope in ('person', 'conversation')),
  owner text not null,
  target text not null check (target in ('memory', 'user')),
  text text not null,
  updated_at timestamptz not null default now(),
  primary key (scope, owner, target)
);
create table settings (key text primary key, value text not null);
create table model_calls (
  id bigserial primary key,
  turn_id text not null references turns (id) on delete cascade,
  step integer not null,
  model text not null,
  server text not null,
  prompt_tokens integer,
  completion_tokens integer,
  cached_tokens integer,
  first_token_ms integer,
  total_ms integer not null,
  created_at timestamptz not null default now()
);
create index model_calls_time on model_calls (created_at);
`;
