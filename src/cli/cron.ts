import { z } from "zod";
import { type Context, type Define, exits } from "./context.ts";
import { askData, askRecord } from "./record.ts";
import { table } from "./table.ts";
import { fittedText } from "./tool-width.ts";

interface Form {
  readonly json?: boolean;
}

/** Options of `add` and `edit` that have a value, with what they are. */
const valued = [
  ["--name <name>", "what it is called"],
  ["--deliver <places>", "local, home, telegram, telegram:ID, discord:#name …, with commas"],
  ["--tz <zone>", "the time zone, such as Europe/Berlin"],
  ["--skills <names>", "skills whose text comes with the request"],
  ["--repeat <count>", "how often it runs in all"],
  ["--missed <policy>", "what passed while nothing ran: skip, once or all"],
  ["--context-from <names>", "schedules whose latest result it is told"],
  ["--script <text>", "a shell script that runs first"],
  ["--time <time>", "when, where it is not said before the request"],
] as const;
const switches = [
  ["--no-agent", "the script is all: no model is asked"],
  ["--continuity", "it is told what its last run came to"],
] as const;

/** `hermes cron …`: what `/cron` does in chats, over everybody's schedules. */
export const define: Define = (command, context) => {
  const run = async (words: readonly string[], json: boolean) => {
    const reply = await askRecord(context, { command: "cron", args: [json ? "json" : "text", ...words] });
    if (json) context.print(reply.text);
    else if (reply.ok) context.print(fittedText(context, reply.text, 2));
    else context.remark(`hermes: ${reply.text}`);
    if (!reply.ok) context.exit(exits.failure);
  };
  const one = (usage: string, about: string) => command.command(usage).description(about).option("--json", "as JSON");
  one("list", "all schedules").action(async ({ json }: Form) =>
    json === true ? await run(["list"], true) : await list(context),
  );
  for (const [verb, about] of [
    ["show", "what one does, and when next"],
    ["history", "its last runs"],
    ["pause", "let it wait"],
    ["resume", "let it go on"],
    ["run", "run it now"],
    ["remove", "take it away"],
  ] as const) {
    one(`${verb} <which>`, about).action((which: string, form: Form) => run([verb, quoted(which)], form.json === true));
  }
  for (const [verb, usage, about] of [
    ["add", "add <words...>", 'a time and what to do: "0 9 * * *" daily report'],
    ["edit", "edit <which> [words...]", "change its time, places, name or request"],
  ] as const) {
    const made = one(usage, about);
    for (const [flags, what] of [...valued, ...switches]) made.option(flags, what);
    made.option("--yes", "save it without a question; so it is where nobody can be asked");
    made.action(async (first: string | readonly string[], ...rest: readonly unknown[]) => {
      // Commander gives the options and the command last.
      const form = made.opts<Readonly<Record<string, string | boolean | undefined>>>();
      const more = rest.slice(0, -2).flatMap((each) => (Array.isArray(each) ? each.map(String) : []));
      const options = optionWords(form);
      const json = form["json"] === true;
      const ask = json || form["yes"] === true ? null : context.ask;
      const sure = ask === null ? ["--yes"] : [];
      const words =
        typeof first === "string" ? [quoted(first), ...sure, ...options, ...more] : [...sure, ...options, ...asTyped(first)];
      if (ask === null) return await run([verb, ...words], json);
      const which = await shown(context, [verb, ...words]);
      if (which !== null) await run([/^(?:y|$)/i.test(await ask("Save it? [Y/n] ")) ? "save" : "drop", which], false);
    });
  }
};

const asked = z.object({ text: z.string(), which: z.string().nullable() });

/** Prints what came of it; what `save` and `drop` take, where that waits for a yes. */
async function shown(context: Context, words: readonly string[]): Promise<string | null> {
  const reply = await askData(context, { command: "cron", args: ["ask", ...words] }, asked);
  if (reply !== null) context.print(fittedText(context, reply.text, 2));
  return reply?.which ?? null;
}

const schedules = z.array(
  z.object({
    number: z.number(),
    name: z.string(),
    said: z.string(),
    zone: z.string(),
    owner: z.string(),
    status: z.string(),
    why: z.string().nullable(),
    next: z.array(z.string()),
  }),
);
const columns = [
  { head: "#" },
  { head: "NAME", flexible: true },
  { head: "WHEN", flexible: true },
  { head: "NEXT" },
  { head: "OWNER", flexible: true },
];

async function list(context: Context): Promise<void> {
  const all = await askData(context, { command: "cron", args: ["json", "list"] }, schedules);
  if (all === null) return;
  if (all.length === 0) return context.print('There is no schedule. hermes cron add "0 9 * * *" "what to do" makes one.');
  const rows = all.map(({ number, name, said, zone, owner, status, next: [first] }) => {
    const next = status === "active" && first !== undefined ? clock(first, zone) : status === "draft" ? "not saved" : status;
    return [String(number), name, said, next, owner];
  });
  for (const line of table(columns, rows)) context.print(line);
}

/** In the schedule's own zone. */
function clock(at: string, zone: string): string {
  return new Date(at).toLocaleString("sv", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
}

/** The shell has taken the quotes off a time of several words. */
function asTyped([time = "", ...rest]: readonly string[]): readonly string[] {
  return rest.length > 0 && /\s/.test(time) ? [quoted(time), ...rest] : [time, ...rest];
}

function optionWords(form: Readonly<Record<string, string | boolean | undefined>>): readonly string[] {
  const given = valued.flatMap(([flags]) => {
    const name = /^--([a-z-]+)/.exec(flags)?.[1] ?? "";
    const value = form[name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    return typeof value === "string" ? [`--${name}`, quoted(value)] : [];
  });
  return [...given, ...(form["agent"] === false ? ["--no-agent"] : []), ...(form["continuity"] === true ? ["--continuity"] : [])];
}

/** A quote within double quotes is doubled. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
