/** Worker processes that live, so that each takes its share of a model server's places. */
export const workers = `
create table workers (id text primary key, seen_at timestamptz not null default now());
`;
