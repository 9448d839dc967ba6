/** Codes for somebody whose account is not known yet: whoever shows one first in a private chat is let in with its role. */
export const invitations = `
create table invitations (
  code text primary key,
  role text not null check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
`;
