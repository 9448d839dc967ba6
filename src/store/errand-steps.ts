import { type RawBuilder, sql } from "kysely";
import { Failure } from "../core/failures.ts";
import type { Db } from "./hold.ts";

/** What a turn may still have done for it. */
export interface StepBudget {
  /** Steps that the turn may take after the one it is in, by itself and by its errands, those that they have taken already included. */
  readonly stepsLeft: number;
  /** How many errands its call has still to begin after this one, and how many other calls of the step begin some. */
  readonly others: number;
  readonly beside: number;
}

interface CallAt {
  readonly turn: string;
  readonly step: number;
  readonly position: number;
}

/** With fewer, an errand could only say that it has done nothing: one to work and one to report. */
const fewestSteps = 2;
/** The turn itself says at the end what came of it. */
const closingStep = 1;

/**
 * Steps that a turn's errands have used up: of one that has ended what it and its own took, of any other all that it was given. So what one
 * does not need comes back, and a tree never takes more than the turn it grew from may.
 */
function stepsUsed(turn: string | RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`(
    with recursive used as (
      select session_id, ended_at, spec from errands where turn_id = ${turn}
      union all
      select e.session_id, e.ended_at, e.spec
      from used join turns t on t.session_id = used.session_id join errands e on e.turn_id = t.id where used.ended_at is not null)
    select coalesce(sum(case when used.ended_at is null then (used.spec->'terms'->>'maxSteps')::int else t.step + 1 end), 0)::int
    from used left join turns t on t.session_id = used.session_id)`;
}

/** The steps that a turn's errands have used up so far. */
export async function stepsOfErrands(db: Db, turn: string): Promise<number> {
  const found = await sql<{ used: number }>`select ${stepsUsed(turn)} as used`.execute(db);
  return found.rows[0]?.used ?? 0;
}

/** The fair share of what is left for one more errand of a call, and no more than `most`. Throws where it could do nothing with it. */
export async function shareOf(db: Db, place: CallAt, budget: StepBudget, most: number | null): Promise<number> {
  const { turn, step, position } = place;
  const found = await sql<{ used: number; begun: number }>`
    select ${stepsUsed(turn)} as used, (select count(distinct position)::int from errands
      where turn_id = ${turn} and step = ${step} and position <> ${position}) as begun`.execute(db);
  const { used = 0, begun = 0 } = found.rows[0] ?? {};
  const left = budget.stepsLeft - closingStep - used;
  const sharers = 1 + budget.others + Math.max(0, budget.beside - begun);
  const share = Math.floor(left / sharers);
  if (share >= fewestSteps) return Math.min(share, most ?? share);
  const few = left < fewestSteps ? "no more can be handed over" : `too few to share among ${sharers} subagents`;
  throw new Failure(
    "turn.limit",
    `of the steps that this request may take, its subagents included, ${Math.max(0, left)} are left: ${few}. Hand over less, or do it yourself`,
  );
}

/**
 * What a held errand `e` may take when it is let go: its share of what its siblings have not needed. While its turn may still begin others,
 * or where it was begun without a budget, what it was given.
 */
export const shareAtRelease: RawBuilder<number> = sql<number>`greatest(
  (e.spec->'terms'->>'maxSteps')::int,
  least((e.spec->>'most')::int, coalesce((
    select ((e.spec->>'stepsLeft')::int - ${closingStep} - ${stepsUsed(sql`e.turn_id`)} + sum((h.spec->'terms'->>'maxSteps')::int)) / count(*)
    from errands h join turns p on p.id = h.turn_id and p.status = 'parked'
    where h.turn_id = e.turn_id and h.held and h.ended_at is null), 0)))`;
