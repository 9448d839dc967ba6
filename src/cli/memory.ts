import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { atHome } from "../config/home.ts";
import { Failure } from "../core/failures.ts";
import type { MemoryRequest } from "../gateway/control/memory.ts";
import { type Context, type Define, exits } from "./context.ts";
import { editorOf } from "./editor.ts";
import { writeNew } from "./new-file.ts";
import { askData, askRecord } from "./record.ts";
import { table } from "./table.ts";
import { fittedText } from "./tool-width.ts";

interface Whose {
  readonly person?: string;
  readonly team?: boolean;
  readonly chat?: string;
  readonly json?: boolean;
}

const names = { memory: "MEMORY.md", user: "USER.md" } as const;
const targets = ["memory", "user"] as const;
const read = z.looseObject({ scope: z.string(), name: z.string(), texts: z.partialRecord(z.enum(targets), z.string()) });

/** `hermes memory …`: what is remembered of people, chats and the team, for whoever runs the service. */
export const define: Define = (command, context) => {
  const one = (usage: string, about: string) =>
    command
      .command(usage)
      .description(about)
      .option("--person <name>", "whose: a name or an account; the owner's where nothing is said")
      .option("--team", "the whole team's")
      .option("--chat <key>", "a shared chat's, such as telegram:-100123");
  command
    .command("list")
    .description("how much is remembered of whom")
    .option("--json", "as JSON")
    .action(async ({ json }: Whose) => await list(context, json === true));
  one("show", "what is remembered, with how full it is")
    .option("--json", "as JSON")
    .action(async (options: Whose) => {
      await print(context, { do: "show", whose: whose(options), json: options.json ?? false });
    });
  one("forget <which>", "take an entry away, by its number or a part of its text").action(
    async (which: string, options: Whose) => {
      await print(context, { do: "forget", whose: whose(options), which });
    },
  );
  one("edit", "open MEMORY.md and USER.md in $EDITOR").action(async (options: Whose) => await edit(context, whose(options)));
  one("export [folder]", "write MEMORY.md and USER.md into a folder").action(
    async (folder: string | undefined, options: Whose) => {
      const { texts } = await texted(context, whose(options));
      const place = resolve(atHome(folder ?? "."));
      for (const target of targets) {
        const text = texts[target];
        if (text === undefined) continue;
        await writeNew(join(place, names[target]), text);
        context.print(`wrote ${join(place, names[target])}`);
      }
      if (Object.keys(texts).length === 0) context.print("There is nothing to export.");
    },
  );
  one("import [folder]", "add what was exported into a folder, or an existing Hermes Agent's home; its files stay").action(
    async (folder: string | undefined, options: Whose) => {
      const files = await filesIn(resolve(atHome(folder ?? context.home)));
      await print(context, { do: "import", whose: whose(options), files });
    },
  );
};

const kept = z.object({
  scope: z.enum(["person", "chat", "team"]),
  owner: z.string(),
  name: z.string().nullable(),
  entries: z.number(),
  characters: z.number(),
});
const columns = [
  { head: "WHOSE", flexible: true },
  { head: "NAME", flexible: true },
  { head: "ENTRIES" },
  { head: "CHARACTERS" },
];

async function list(context: Context, json: boolean): Promise<void> {
  const request = { command: "memory", args: [JSON.stringify({ do: "list" } satisfies MemoryRequest)] };
  const found = await askData(context, request, z.array(kept));
  if (found === null) return;
  if (json) return context.print(JSON.stringify(found, null, 2));
  if (found.length === 0) return context.print("Nothing is remembered yet.");
  const rows = found.map(({ scope, owner, name, entries, characters }) => {
    // As the other commands take it.
    const words = { team: "--team", chat: `--chat ${owner}`, person: `--person ${owner}` }[scope];
    return [words, name ?? "", String(entries), String(characters)];
  });
  for (const line of table(columns, rows)) context.print(line);
}

function whose({ person, team = false, chat }: Whose): string {
  if (team) return "team";
  return chat === undefined ? (person ?? "") : `chat:${chat}`;
}

async function print(context: Context, request: MemoryRequest): Promise<boolean> {
  const reply = await askRecord(context, { command: "memory", args: [JSON.stringify(request)] });
  const asJson = "json" in request && request.json === true;
  if (reply.ok) context.print(asJson ? reply.text : fittedText(context, reply.text, 5));
  else context.remark(`hermes: ${reply.text}`);
  if (!reply.ok) context.exit(exits.failure);
  return reply.ok;
}

async function texted(context: Context, owner: string): Promise<z.output<typeof read>> {
  const reply = await askRecord(context, {
    command: "memory",
    args: [JSON.stringify({ do: "show", whose: owner, json: true } satisfies MemoryRequest)],
  });
  if (!reply.ok) throw new Failure("state.unavailable", reply.text);
  return read.parse(JSON.parse(reply.text));
}

/** Each file in the editor; what is changed in it counts, also where others have changed the memory meanwhile. */
async function edit(context: Context, owner: string): Promise<void> {
  const editor = editorOf(context, "hermes memory edit");
  const { texts, scope } = await texted(context, owner);
  const folder = await mkdtemp(join(tmpdir(), "hermes-memory-"));
  const files = (scope === "person" ? targets : (["memory"] as const)).map((target) => {
    const base = texts[target] ?? "";
    return { target, base, path: join(folder, names[target]), written: `${base}\n` };
  });
  let whole = false;
  try {
    for (const { path, written } of files) await writeFile(path, written, { mode: 0o600 });
    await edited(
      editor,
      files.map(({ path }) => path),
    );
    whole = await brought(context, owner, files);
  } finally {
    // Private words are left behind only where they would be lost.
    whole ||= await untouched(files);
    if (whole) await rm(folder, { recursive: true, force: true });
    else context.remark(`Your text is kept in ${folder}`);
  }
}

interface Edited {
  readonly target: (typeof targets)[number];
  readonly base: string;
  readonly path: string;
  readonly written: string;
}

/** Whether all that was changed stands in the record now. */
async function brought(context: Context, owner: string, files: readonly Edited[]): Promise<boolean> {
  let whole = true;
  for (const { target, base, path } of files) {
    const wanted = (await readFile(path, "utf8")).trim();
    if (wanted === base.trim()) continue;
    if (!(await print(context, { do: "write", whose: owner, target, base, wanted }))) whole = false;
  }
  return whole;
}

/** Whether nobody has written into these files, as far as they are there at all. */
async function untouched(files: readonly Edited[]): Promise<boolean> {
  const texts = await Promise.all(files.map(({ path, written }) => readFile(path, "utf8").catch(() => written)));
  return files.every(({ written }, index) => texts[index] === written);
}

async function edited(editor: string, paths: readonly string[]): Promise<void> {
  // The variable may hold options too, so a shell takes it apart; the paths are no part of its text.
  const child = spawn("/bin/sh", ["-c", `${editor} "$@"`, "sh", ...paths], { stdio: "inherit" });
  const [code, signal]: unknown[] = await once(child, "exit");
  if (code === 0) return;
  const how = typeof signal === "string" ? `was ended by ${signal}` : `ended with status ${Number(code)}`;
  throw new Failure("state.unavailable", `${editor} ${how}; nothing was changed`);
}

/** The original keeps them under `memories` in its home, `hermes memory export` writes them into the folder itself. */
async function filesIn(home: string): Promise<Partial<Record<"memory" | "user", string>>> {
  for (const folder of [join(home, "memories"), home]) {
    const files: Partial<Record<"memory" | "user", string>> = {};
    for (const target of targets) {
      const text = await readFile(join(folder, names[target]), "utf8").catch(() => null);
      if (text !== null) files[target] = text;
    }
    if (Object.keys(files).length > 0) return files;
  }
  throw new Failure("state.unavailable", `There is no MEMORY.md or USER.md in ${home}, nor in a folder memories there.`, {
    advice: "Name the folder they are in, or the home of an existing Hermes Agent.",
  });
}
