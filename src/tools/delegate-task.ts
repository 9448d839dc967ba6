import { z } from "zod";
import type { DelegatedEnd, DelegatedTask } from "../core/delegation.ts";
import { tool, type ToolContext } from "../core/tool.ts";
import { withinLimit } from "./spill.ts";

/** More tasks in one call are no delegation any more. */
const mostTasks = 20;
const goalChars = 20_000;
/** From here on the model is told how many steps it may still take. */
const fewSteps = 10;
/** What the numbers around a summary take. */
const aroundChars = 400;

const one = {
  goal: z.string().trim().max(goalChars).default(""),
  context: z.string().max(goalChars).default(""),
  toolsets: z.array(z.string()).default([]),
  model: z.string().trim().default(""),
  output_schema: z.record(z.string(), z.unknown()).nullable().default(null),
  max_iterations: z.int().min(1).nullable().default(null),
};
const parameters = z.strictObject({ ...one, tasks: z.array(z.strictObject(one)).max(mostTasks).default([]) });
type Wish = z.output<typeof parameters>;

/** By hand: every word of it is in every prompt. */
const schema = {
  type: "object",
  properties: {
    goal: { type: "string" },
    context: { type: "string" },
    tasks: { type: "array", items: { type: "object" }, description: "[{goal, context, output_schema}], in parallel" },
    toolsets: { type: "array", items: { type: "string" } },
    model: { type: "string" },
  },
};

export const delegateTask = tool({
  name: "delegate_task",
  description: "Have subagents do tasks; they know only goal and context.",
  // Run again after a crash it finds those that it has begun.
  kind: "read",
  toolset: "delegation",
  parameters,
  schema,
  preview: (wish) => {
    const goals = tasksOf(wish).map(({ goal }) => goal);
    return goals.length === 1 ? `delegate: ${goals[0]}` : `delegate ${goals.length} tasks`;
  },
  async run(wish, context) {
    const tasks = tasksOf(wish);
    if (tasks.length === 0 || tasks.some(({ goal }) => goal === ""))
      throw new Error("Every task needs a goal: what is to be done, in full.");
    const { ends, stepsLeft } = await context.delegation.run(tasks);
    const told = JSON.stringify(await Promise.all(ends.map((end) => shown(end, ends.length, context))), null, 1);
    return stepsLeft > fewSteps ? told : `${told}\n[${stepsLeft} steps are left for this request, its subagents included.]`;
  },
});

/** Those of `tasks`, else the one; what is said once counts for all. */
function tasksOf({ tasks, ...all }: Wish): readonly DelegatedTask[] {
  const wishes = tasks.length === 0 ? (all.goal === "" ? [] : [all]) : tasks.map((each) => withDefaults(each, all, tasks.length));
  return wishes.map(({ goal, context, toolsets, model, output_schema: outputSchema, max_iterations: maxSteps }) => {
    return { goal, context, toolsets, model, outputSchema, maxSteps };
  });
}

type One = Omit<Wish, "tasks">;

function withDefaults(task: One, all: One, count: number): One {
  const context = [all.goal !== "" && count > 1 ? `(Part of: ${all.goal})` : "", all.context, task.context];
  return {
    ...task,
    context: context.filter((part) => part !== "").join("\n\n"),
    toolsets: task.toolsets.length === 0 ? all.toolsets : task.toolsets,
    model: task.model === "" ? all.model : task.model,
    output_schema: task.output_schema ?? all.output_schema,
    max_iterations: task.max_iterations ?? all.max_iterations,
  };
}

/** A long summary goes into a file; each gets its share of what a result may hold. */
async function shown({ goal, status, summary, output, ...rest }: DelegatedEnd, count: number, context: ToolContext) {
  const resultChars = Math.max(500, Math.floor(context.limits.resultChars / count) - aroundChars);
  const words = output === undefined ? summary : JSON.stringify(output);
  const said = await withinLimit("subagent", words, { ...context, limits: { ...context.limits, resultChars } });
  return {
    task: goal,
    status,
    ...(output === undefined || said !== words ? { summary: said } : { output, ...(summary === "" ? {} : { note: summary }) }),
    ...rest,
  };
}
