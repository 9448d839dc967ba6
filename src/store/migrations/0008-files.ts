/** Files that came with a message, from when the gateway has fetched them until the turn has them. */
export const files = `
create table files (
  inbox_id bigint not null references inbox (id) on delete cascade,
  position integer not null,
  kind text not null,
  name text not null,
  bytes bytea,
  missing text,
  created_at timestamptz not null default now(),
  primary key (inbox_id, position)
);
`;
