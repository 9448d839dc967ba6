/** What a person, or a chat, has chosen for itself, by name; and turns that were taken back: the journal keeps them, nobody is shown them. */
export const peopleSettings = `
create table person_settings (
  person_id text not null references people (id) on delete cascade,
  name text not null,
  value text not null,
  updated_at timestamptz not null default now(),
  primary key (person_id, name)
);
create table chat_settings (
  chat_key text not null,
  name text not null,
  value text not null,
  updated_at timestamptz not null default now(),
  primary key (chat_key, name)
);
create table undone_turns (
  session_id text not null references sessions (id) on delete cascade,
  turn_id text not null references turns (id) on delete cascade,
  key text not null unique,
  created_at timestamptz not null default now(),
  primary key (session_id, turn_id)
);
create index turns_person on turns (person_id, session_id);
`;
