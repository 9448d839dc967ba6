import { z } from "zod";
import { missedPolicies, noWish, type ScheduleWish } from "../core/schedule.ts";
import { tool, type ToolContext } from "../core/tool.ts";

const list = z.preprocess((raw) => (typeof raw === "string" ? raw.split(",") : raw), z.array(z.string().trim()).max(20));

const parameters = z.strictObject({
  action: z.enum(["create", "list", "update", "pause", "resume", "remove", "run", "show", "history"]).default("list"),
  job: z.string().trim().default(""),
  prompt: z.string().max(10_000).optional(),
  schedule: z.string().trim().optional(),
  name: z.string().trim().optional(),
  deliver: list.optional(),
  timezone: z.string().trim().optional(),
  repeat: z.int().min(0).optional(),
  skills: list.optional(),
  script: z.string().max(20_000).optional(),
  no_agent: z.boolean().optional(),
  context_from: list.optional(),
  continuity: z.boolean().optional(),
  missed: z.enum(missedPolicies).optional(),
});
type Wish = z.output<typeof parameters>;

/** By hand: every word of it is in every prompt. */
const schema = {
  type: "object",
  properties: {
    action: { enum: ["create", "list", "update", "pause", "resume", "remove", "run"] },
    job: { type: "string", description: "number or name" },
    schedule: { type: "string", description: "every 2h; weekdays at 9am; in 30m; cron" },
    prompt: { type: "string" },
    deliver: { type: "string", description: "origin, home, telegram:ID, discord:#name" },
  },
};

export const cronjob = tool({
  name: "cronjob",
  description: "Do something later or regularly.",
  kind: "effect",
  toolset: "cronjob",
  parameters,
  schema,
  aliases: { job_id: "job", id: "job", time: "schedule", cron: "schedule", message: "prompt" },
  preview: ({ action, job, schedule = "" }) => `schedule ${action} ${action === "create" ? schedule : job}`.trim(),
  async run(wish, context) {
    const { schedules } = context;
    switch (wish.action) {
      case "list":
        return await schedules.list();
      case "create":
        return await create(wish, context);
      case "update":
        return await update(wish, context);
      case "pause":
      case "resume":
      case "remove":
      case "run":
      case "show":
      case "history":
        return await schedules.act(wish.action, named(wish));
    }
  },
});

function named({ job, name = "" }: Wish): string {
  if (job !== "" || name !== "") return job || name;
  throw new Error("job is missing: the number or name that list shows.");
}

/** A person says yes to what will happen in their name while they are away; in a schedule's own run nobody is there, and the key decides. */
async function create(wish: Wish, context: ToolContext): Promise<string> {
  if (wish.schedule === undefined) throw new Error('schedule is missing, such as "every 2h" or "weekdays at 9am".');
  const full: ScheduleWish = { ...noWish, ...changeOf(wish) };
  const preview = await context.schedules.preview(full);
  const no = await refusal(context, `Shall I save this schedule?\n\n${preview}\n\n${effects(full)}`, full);
  return no ?? (await context.schedules.create(full));
}

async function update(wish: Wish, context: ToolContext): Promise<string> {
  const [which, change] = [named(wish), changeOf(wish)];
  const preview = await context.schedules.previewEdit(which, change);
  // Where it reports to is in the preview: in a shared chat it is not to be said as it was written.
  const { name, time, zone, repeat, missed } = change;
  const lines = Object.entries({ name, time, zone, repeat, missed }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${String(value ?? "none")}`],
  );
  const text = ["Shall I change this schedule?", preview, lines.join("\n"), effects(change)];
  const no = await refusal(context, text.filter((part) => part !== "").join("\n\n"), { which, ...change });
  return no ?? (await context.schedules.edit(which, change));
}

/** What is said when the person has not said yes; null when they have, or nobody is there to be asked. */
async function refusal({ ask, attended }: ToolContext, text: string, wish: object): Promise<string | null> {
  if (!attended) return null;
  const reply = await ask({
    kind: "clarify",
    text,
    choices: ["Save", "Don't"],
    digest: `cronjob ${JSON.stringify(wish)}`,
    lifetimeMs: 3_600_000,
    mayAnswer: { type: "asker" },
  });
  if (reply.type === "expired") return "Not saved: the person did not say yes in time.";
  return reply.text === "Save" ? null : `Not saved. The person said: ${reply.text}`;
}

/** Most that is shown of a request or script. */
const shownChars = 1_500;

/** All of a wish that decides what a run does: nobody says yes to what they have not seen. */
function effects({ prompt, script, noAgent, skills, contextFrom, continuity }: Partial<ScheduleWish>): string {
  const shown = (text: string) =>
    text.length <= shownChars
      ? text
      : `${text.slice(0, shownChars).toWellFormed()}\n[${text.length - shownChars} more characters that are not shown here]`;
  const script_ = script === null ? "None any more" : script && `\n${shown(script)}`;
  return [
    ...(script_ === undefined ? [] : [`Script that runs first:${script_}`]),
    ...(noAgent === true ? ["No model is asked: the script is all."] : []),
    ...(skills?.length ? [`Skills: ${skills.join(", ")}`] : []),
    ...(contextFrom?.length ? [`It is told what these came to: ${contextFrom.join(", ")}`] : []),
    ...(continuity === true ? ["It is told what its last run came to."] : []),
    ...(prompt === undefined || prompt === "" ? [] : [shown(prompt)]),
  ].join("\n\n");
}

function changeOf(wish: Wish): Partial<ScheduleWish> {
  const { name, prompt, schedule, timezone, deliver, repeat, skills, script, continuity, missed } = wish;
  return {
    ...(name === undefined || (wish.job === "" && wish.action === "update") ? {} : { name: name === "" ? null : name }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(schedule === undefined ? {} : { time: schedule }),
    ...(timezone === undefined ? {} : { zone: timezone }),
    ...(deliver === undefined ? {} : { deliver }),
    ...(repeat === undefined ? {} : { repeat: repeat === 0 ? null : repeat }),
    ...(skills === undefined ? {} : { skills }),
    ...(script === undefined ? {} : { script: script === "" ? null : script }),
    ...(wish.no_agent === undefined ? {} : { noAgent: wish.no_agent }),
    ...(wish.context_from === undefined ? {} : { contextFrom: wish.context_from }),
    ...(continuity === undefined ? {} : { continuity }),
    ...(missed === undefined ? {} : { missed }),
  };
}
