/**
 * Codes for somebody whose account is not known yet: whoever shows one first in a private chat is let in with its role. Of each role
 * there is one, also after its use: `used_by` is who has shown it. `first` holds only while the bot has no owner.
 */
export const invitations = `
create table invitations (
  code text primary key,
  role text not null unique check (role in ('owner', 'admin', 'member')),
  first boolean not null default false,
  used_by text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
`;
