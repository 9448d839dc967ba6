/** Memories of people, chats and the team, what was changed in them by whom, and how far conversations have been gone through. */
export const memories = `
alter table memories drop constraint memories_scope_check;
alter table memories add column visible jsonb not null default '[]';
insert into memories (scope, owner, target, text, updated_at)
  select 'chat', c.platform || ':' || replace(replace(c.chat, '%', '%25'), ':', '%3A') ||
      case when c.platform = 'discord' and c.thread <> '' then ':' || c.thread else '' end, m.target,
    string_agg(m.text, chr(10) || '§' || chr(10) order by m.updated_at), max(m.updated_at)
  from memories m join conversations c on c.id = m.owner where m.scope = 'conversation' and m.text <> ''
  group by 1, 2, 3;
delete from memories where scope = 'conversation';
alter table memories add constraint memories_scope_check check (scope in ('person', 'team', 'chat'));
create table memory_changes (
  id bigserial primary key,
  scope text not null,
  owner text not null,
  target text not null,
  before text,
  after text,
  author text references people (id) on delete set null,
  origin text not null check (origin in ('tool', 'review', 'command', 'edit', 'import')),
  turn_id text,
  chat_key text,
  reply_to text,
  created_at timestamptz not null default now(),
  notice_key text,
  undone_at timestamptz
);
create index memory_changes_owner on memory_changes (scope, owner, id);
create index memory_changes_due on memory_changes (id) where notice_key is null;
create index if not exists sessions_conversation on sessions (conversation_id);
create table memory_reviews (
  scope text not null,
  owner text not null,
  reviewed_to bigint not null default 0,
  attempts integer not null default 0,
  fence bigint not null default 0,
  claimed_until timestamptz,
  primary key (scope, owner)
);
`;
