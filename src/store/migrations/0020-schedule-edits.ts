/** A change of a schedule's time that waits for its person's yes: one of a schedule, the newest. `token` tells it from those before it. */
export const scheduleEdits = `
create table schedule_edits (
  schedule_id text primary key references schedules (id) on delete cascade,
  person_id text not null references people (id) on delete cascade,
  token text not null,
  change jsonb not null,
  created_at timestamptz not null default now()
);
`;
