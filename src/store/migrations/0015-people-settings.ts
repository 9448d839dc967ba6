/** What a person, a chat or a session has chosen for itself, by name. */
export const peopleSettings = `
create table person_settings (
  person_id text not null references people (id) on delete cascade,
  name text not null,
  value text not null,
  updated_at timestamptz not null default now(),
  primary key (person_id, name)
);
create table chat_settings (
  conversation_id text not null references conversations (id) on delete cascade,
  name text not null,
  value text not null,
  updated_at timestamptz not null default now(),
  primary key (conversation_id, name)
);
`;
