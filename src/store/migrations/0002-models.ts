/** Models: a session's own choice and title, and what every call to a model tells of its speed and its tool calls. */
export const models = `
alter table sessions add column title text;
alter table sessions add column choice jsonb;
alter table model_calls alter column turn_id drop not null;
alter table model_calls add column session_id text references sessions (id) on delete cascade;
alter table model_calls add column task text not null default 'turn';
alter table model_calls add column queued_ms integer not null default 0;
alter table model_calls add column prompt_per_second real;
alter table model_calls add column tokens_per_second real;
alter table model_calls add column calls integer not null default 0;
alter table model_calls add column valid_calls integer not null default 0;
alter table model_calls add column text_calls integer not null default 0;
alter table model_calls add column failure text;
`;
