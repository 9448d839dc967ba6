/** What was allowed for longer than once is one person's: in a shared chat, the others are asked. What was allowed there before is asked for again. */
export const grants = `
alter table grants add column person_id text references people (id) on delete cascade;
update grants set person_id = p.id from people p where grants.owner = 'person-' || p.id;
delete from grants where person_id is null;
alter table grants alter column person_id set not null;
create index grants_person on grants (person_id);
`;
