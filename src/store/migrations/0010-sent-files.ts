/** Files that answers bring, until they are delivered; each has an outbox entry of its own. */
export const sentFiles = `
create table sent_files (
  outbox_key text primary key,
  bytes bytea not null,
  created_at timestamptz not null default now()
);
`;
