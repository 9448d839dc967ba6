import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { atHome } from "../config/home.ts";
import { unhidden, unhiddenLine } from "../core/markdown.ts";
import type { SessionsRequest } from "../gateway/control/sessions.ts";
import { type Context, type Define, exits } from "./context.ts";
import { writeNew } from "./new-file.ts";
import { askData } from "./record.ts";
import { table } from "./table.ts";

const session = z.object({
  id: z.string(),
  title: z.string().nullable(),
  kind: z.string(),
  where: z.object({
    platform: z.string(),
    chat: z.string(),
    thread: z.string().nullable(),
    name: z.string().nullable(),
  }),
  at: z.string(),
  requests: z.number(),
  open: z.boolean(),
});
type Session = z.output<typeof session>;
const call = z.object({ tool: z.string(), arguments: z.string() });
const message = z.object({
  at: z.string(),
  role: z.enum(["user", "assistant", "tool"]),
  text: z.string(),
  person: z.string().nullable().optional(),
  tool: z.string().optional(),
  calls: z.array(call).optional(),
});
const whole = session.extend({ messages: z.array(message) });
type Whole = z.output<typeof whole>;

interface Options {
  readonly person?: string;
  readonly chat?: string;
  readonly json?: boolean;
  readonly search?: string;
  readonly limit?: number;
  readonly yes?: boolean;
  readonly format?: string;
}

/** `hermes sessions …`: conversations, for whoever runs the service: the owner's private ones and those of shared chats, unless another is named. */
export const define: Define = (command, context) => {
  const one = (usage: string, about: string) =>
    command
      .command(usage)
      .description(about)
      .option("--person <name>", "the private ones of: a name or an account; the owner's where nothing is said")
      .option("--chat <key>", "those of a shared chat, such as telegram:-100123")
      .option("--json", "as JSON");
  one("list", "conversations, the newest first")
    .option("--search <words>", 'those that hold the words; "a phrase", or, -not')
    .option("--limit <count>", "how many at most", countIn, 20)
    .action(async (options: Options) => await list(context, options));
  one("show <which>", "what was said in one: by its id (the beginning is enough) or its title").action(
    async (which: string, options: Options) => {
      const found = await asked(context, { do: "show", whose: whose(options), which }, whole);
      if (found === null) return;
      context.print(options.json === true ? json(found) : transcript(found, clock));
    },
  );
  one("rename <which> <title...>", "give one another title").action(async (which: string, title: string[], options: Options) => {
    const found = await asked(context, { do: "rename", whose: whose(options), which, title: title.join(" ") }, session);
    if (found === null) return;
    context.print(
      options.json === true ? json(found) : `${found.id.slice(0, idChars)} is called "${unhiddenLine(titleOf(found))}" now.`,
    );
  });
  one("export <which> [file]", "write one down: Markdown, or JSON lines with --format jsonl")
    .option("--format <form>", "md or jsonl", formIn, "md")
    .action(async (which: string, file: string | undefined, options: Options) => await write(context, which, file, options));
  one("delete <which>", "take one out of the record for good; what was remembered from it stays")
    .option("--yes", "without being asked")
    .action(async (which: string, options: Options) => await remove(context, which, options));
};

async function list(context: Context, options: Options): Promise<void> {
  const { search: words = "", limit = 20 } = options;
  const found = await asked(context, { do: "list", whose: whose(options), words, limit }, z.array(session));
  if (found === null) return;
  if (options.json === true) return context.print(json(found));
  if (found.length === 0) return context.print(words === "" ? "There is no conversation yet." : "No conversation has that.");
  const rows = found.map((each) => [
    each.id.slice(0, idChars),
    clock(each.at),
    String(each.requests),
    placeOf(each),
    titleOf(each),
  ]);
  for (const line of table(columns, rows)) context.print(line);
}

const idChars = 8;
const columns = [
  { head: "ID" },
  { head: "LAST" },
  { head: "REQUESTS" },
  { head: "WHERE", flexible: true },
  { head: "TITLE", flexible: true },
];

async function write(context: Context, which: string, file: string | undefined, options: Options): Promise<void> {
  const found = await asked(context, { do: "show", whose: whose(options), which }, whole);
  if (found === null) return;
  const text = options.json === true || options.format === "jsonl" ? jsonLines(found) : transcript(found, (at) => at);
  if (file === undefined) return context.print(text);
  const path = resolve(atHome(file));
  await writeNew(path, text);
  context.print(`wrote ${path}`);
}

async function remove(context: Context, which: string, options: Options): Promise<void> {
  const owner = whose(options);
  const found = await asked(context, { do: "find", whose: owner, which }, session);
  if (found === null) return;
  const requests = `${found.requests} ${found.requests === 1 ? "request" : "requests"}`;
  // Its people have named it, and others the chat.
  const about = unhiddenLine(`${titleOf(found)} (${placeOf(found)}, ${requests})`);
  if (options.yes !== true && !(await isSure(context, about))) return;
  if ((await asked(context, { do: "delete", whose: owner, which: found.id }, session)) === null) return;
  context.print(options.json === true ? json(found) : `Deleted: ${about}. What was remembered from it stays: hermes memory show`);
}

/** Where nobody can be asked, nothing is deleted without `--yes`. */
async function isSure(context: Context, about: string): Promise<boolean> {
  if (context.ask === null) {
    context.remark(`hermes: this would delete ${about} for good; say --yes to do it`);
    context.exit(exits.usage);
    return false;
  }
  const answer = await context.ask(`Delete ${about} for good? Type "yes": `);
  if (answer.toLowerCase() === "yes") return true;
  context.remark("hermes: nothing was deleted");
  context.exit(exits.failure);
  return false;
}

async function asked<T>(context: Context, request: SessionsRequest, form: z.ZodType<T>): Promise<T | null> {
  return await askData(context, { command: "sessions", args: [JSON.stringify(request)] }, form);
}

function whose({ person, chat }: Options): string {
  return chat === undefined ? (person ?? "") : `chat:${chat}`;
}

function countIn(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1_000)
    throw new InvalidArgumentError("It is a number from 1 to 1000.");
  return count;
}

function formIn(text: string): string {
  if (text !== "md" && text !== "jsonl") throw new InvalidArgumentError("It is md or jsonl.");
  return text;
}

function placeOf({ kind, where: { platform, chat, thread, name } }: Session): string {
  if (kind === "private") return `${platform} (private)`;
  return `${platform}:${name === null ? chat : `#${name.replace(/^#/, "")}`}${thread === null ? "" : `:${thread}`}`;
}

function titleOf({ title }: Session): string {
  return title ?? "untitled";
}

/** In the zone of whoever reads it, e.g. `2026-03-01 09:30`. */
function clock(at: string): string {
  return new Date(at).toLocaleString("sv", { dateStyle: "short", timeStyle: "short" });
}

/** As Markdown; nothing of it can draw on a terminal. */
function transcript(found: Whole, when: (at: string) => string): string {
  const head = [`# ${titleOf(found)}`, `${placeOf(found)}, ${when(found.at)}, ${found.id}`];
  const parts = found.messages.map(({ at, role, text, person, tool, calls = [] }) => {
    const who = { user: person ?? "Somebody", assistant: "Hermes", tool: `Result of ${tool ?? "a tool"}` }[role];
    const called = calls.map((each) => `→ ${each.tool} ${each.arguments}`);
    return [`**${who}**, ${when(at)}`, ...(text.trim() === "" ? [] : [text.trim()]), ...called].join("\n\n");
  });
  return unhidden([...head, ...parts].join("\n\n"));
}

function jsonLines({ messages, ...about }: Whole): string {
  return [JSON.stringify(about), ...messages.map((each) => JSON.stringify(each))].join("\n");
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
