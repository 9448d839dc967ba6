/** Files that went over the local page, either way: no platform keeps them for it. */
export const pageFiles = `
create table page_files (
  id text primary key,
  kind text not null,
  name text not null,
  bytes bytea not null,
  created_at timestamptz not null default now()
);
create index page_files_age on page_files (created_at);
`;
