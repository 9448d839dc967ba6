import type { ChatKind, ChatRef, Person } from "../core/chats.ts";
import type { DelegatedEnd, DelegatedTask, DelegationPorts, DelegationRules } from "../core/delegation.ts";
import { aboutOf, type Errand, type ErrandTerms, type ShownIn } from "../core/errand.ts";
import { asFailure } from "../core/failures.ts";
import type { ModelChoice } from "../core/model.ts";
import { Parked } from "../core/question.ts";
import type { Tool } from "../core/tool.ts";
import { covers, isToolsetName } from "../core/toolsets.ts";
import { stopErrand } from "../store/errand-ends.ts";
import { beginErrand, errandsOfCall, type NewErrand } from "../store/errands.ts";
import { stepsOfErrands } from "../store/errand-steps.ts";
import { type ErrandWork, errandWork } from "../store/errand-work.ts";
import type { Db, Hold } from "../store/hold.ts";
import type { CallPlace } from "../store/journal.ts";
import { formOf } from "./output-schema.ts";

/** What a turn delegates with. */
export interface Delegating {
  readonly person: Person;
  readonly kind: ChatKind;
  /** The chat whose sandbox is used, and where subagents ask. */
  readonly chat: ChatRef;
  /** The turn whose chat shows them; null: none does. */
  readonly shownIn: ShownIn | null;
  /** The model that the one who delegates has; null: the configured one. */
  readonly choice: ModelChoice | null;
  /** Of the errand that delegates itself; null: a chat's turn does. */
  readonly terms: ErrandTerms | null;
  /** Reads the configuration. */
  rules(): Promise<DelegationRules>;
  /** A model by its name. Throws for the model where there is none, or this person may not choose. */
  modelNamed(name: string): Promise<ModelChoice>;
  /** Puts a subagent's session on the queue. */
  wake(session: string): Promise<void>;
}

export interface DelegationSetting {
  readonly db: Db;
  readonly hold: Hold;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly delegating: Delegating;
  /** How many steps the turn may take after the one it is in, its subagents' included. */
  readonly stepsLeft: number;
  /** How many other calls of this step delegate. */
  readonly beside: number;
}

/** What no subagent has: it can't be answered, speaks to nobody, and leaves nothing behind that outlives its task. */
const neverTheirs = ["clarify", "memory", "messaging", "cronjob", "configuration"];

const rules = `- You are a subagent: another agent has handed you one task, and nobody can answer you while you work. You know of its conversation only what the task says. Do this task and no other.
- End with a report to that agent: what you did and found, files you made or changed with their paths, what failed, what is left. No greeting.`;

/** Delegation for one call. */
export function delegationPorts(setting: DelegationSetting, place: CallPlace): DelegationPorts {
  return {
    async run(tasks) {
      const known = await errandsOfCall(setting.db, place);
      const begun = known.length < tasks.length ? await beginAll(setting, place, tasks) : known;
      if (begun.some(({ result, status }) => result === null && status !== "stopped")) throw new Parked();
      const work = await errandWork(setting.db, place);
      const stepsLeft = Math.max(0, setting.stepsLeft - (await stepsOfErrands(setting.db, place.turn)));
      return { ends: begun.map((errand) => endOf(errand, work.get(errand.id))), stepsLeft };
    },
  };
}

/** All of them or none: those that were begun before one could not be are stopped. */
async function beginAll(
  setting: DelegationSetting,
  place: CallPlace,
  tasks: readonly DelegatedTask[],
): Promise<readonly Errand[]> {
  const { db, delegating } = setting;
  const bounds = await delegating.rules();
  const errands = await Promise.all(tasks.map((task, index) => errandOf(setting, place, bounds, task, index, tasks.length)));
  const begun: Errand[] = [];
  try {
    for (const errand of errands) begun.push(await beginErrand(db, errand));
  } catch (error) {
    // Whoever has the session now goes on with the same ones.
    if (asFailure(error).code === "turn.stale") throw error;
    for (const { id } of begun) await stopErrand(db, id, "not all of its call's could be begun");
    throw error;
  }
  for (const { session, held } of begun) if (!held) await delegating.wake(session);
  return begun;
}

async function errandOf(
  setting: DelegationSetting,
  place: CallPlace,
  bounds: DelegationRules,
  task: DelegatedTask,
  index: number,
  count: number,
): Promise<NewErrand> {
  const { delegating, hold } = setting;
  const { person, kind, chat, shownIn } = delegating;
  if (task.outputSchema !== null) formOf(task.outputSchema);
  return {
    type: "subagent",
    key: `subagent:${place.turn}:${place.step}:${place.position}:${index}`,
    person,
    kind,
    home: chat,
    prompt: promptOf(task),
    terms: await termsOf(setting, bounds, task),
    parent: {
      hold,
      ...place,
      atOnce: bounds.atOnce,
      mostInTurn: bounds.mostInTurn,
      stepsLeft: setting.stepsLeft,
      others: count - 1 - index,
      beside: setting.beside,
    },
    ...(shownIn === null ? {} : { shownIn }),
  };
}

async function termsOf(
  { delegating, tools }: DelegationSetting,
  bounds: DelegationRules,
  { goal, toolsets, model, maxSteps, outputSchema }: DelegatedTask,
): Promise<ErrandTerms> {
  const { terms } = delegating;
  const depth = (terms?.depth ?? 0) + 1;
  const without = [...neverTheirs, ...(depth < bounds.maxDepth ? [] : ["delegation"]), ...(terms?.without ?? [])];
  return {
    label: "Subagent",
    about: aboutOf(goal),
    rules,
    memory: false,
    only: onlyOf(tools, terms, toolsets),
    without: [...new Set(without)],
    model: model === "" ? (bounds.model ?? delegating.choice) : await delegating.modelNamed(model),
    // At the most: it gets its share of what the one who delegates has left.
    maxSteps: Math.min(bounds.maxSteps, maxSteps ?? bounds.maxSteps),
    timeoutMs: bounds.timeoutMs,
    attended: terms?.attended ?? true,
    depth,
    ...(outputSchema === null ? {} : { outputSchema }),
  };
}

/** Of what the one who delegates has, what it asks for. */
function onlyOf(
  tools: ReadonlyMap<string, Tool>,
  terms: ErrandTerms | null,
  wanted: readonly string[],
): readonly string[] | null {
  const had = terms?.only ?? null;
  if (wanted.length === 0) return had;
  const sets = [...new Set([...tools.values()].map(({ toolset }) => toolset))].filter((set) => had === null || covers(had, set));
  const unknown = wanted.filter((name) => !isToolsetName(name));
  if (unknown.length > 0)
    throw new Error(`There are no toolsets ${unknown.join(", ").slice(0, 80)}. Use some of: ${sets.join(", ")}.`);
  return sets.filter((set) => covers(wanted, set));
}

function promptOf({ goal, context, outputSchema }: DelegatedTask): string {
  const form = outputSchema === null ? "" : `Answer with JSON alone that fits this JSON Schema:\n${JSON.stringify(outputSchema)}`;
  return [goal, context === "" ? "" : `Context:\n${context}`, form].filter((part) => part !== "").join("\n\n");
}

function endOf(errand: Errand, work: ErrandWork | undefined): DelegatedEnd {
  const { status, result, failure, stopWhy, terms } = errand;
  const said = result?.answer.markdown.trim() ?? "";
  const { steps = 0, tools = {}, tokens = 0, seconds = 0 } = work ?? {};
  const common = { goal: terms.about, steps, tools, tokens, seconds };
  // Its last step is its report: it may have had to break off.
  const spent = steps > 0 && steps === terms.maxSteps ? `[It took all of its ${steps} steps.]` : "";
  if (status === "stopped")
    return { ...common, status, summary: joined(said, `[Stopped: ${stopWhy ?? "a person stopped it"}.]`) };
  if (status === "failed") return { ...common, status, summary: joined(said, `[Failed: ${failure ?? "for no known reason"}.]`) };
  if (terms.outputSchema === undefined) return { ...common, status: "done", summary: joined(said, spent) };
  const read = formOf(terms.outputSchema)(said);
  if (read.ok) return { ...common, status: "done", summary: spent, output: read.value };
  return { ...common, status: "done", summary: joined(said, `[This does not fit output_schema: ${read.problem}]`) };
}

function joined(said: string, note: string): string {
  return [said, note].filter((part) => part !== "").join("\n\n");
}
