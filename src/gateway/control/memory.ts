import { languages } from "../../commands/languages/index.ts";
import { z } from "zod";
import { parseChatKey } from "../../core/chats.ts";
import { type MemoryOwner, type MemoryRules, type MemoryTarget, teamMemory } from "../../core/memory.ts";
import { fileNames, parseEntries } from "../../memory/entries.ts";
import { bringTo } from "../../memory/home.ts";
import { keep, rewrite } from "../../memory/keeping.ts";
import { quoted } from "../../memory/notices.ts";
import { fileOf, personal } from "../../memory/scopes.ts";
import { meantBy, viewMemory, type WholeView } from "../../memory/viewing.ts";
import type { Db } from "../../store/hold.ts";
import { allMemories } from "../../store/memories.ts";
import { personNamed } from "./person.ts";

interface MemoryControlParts {
  readonly db: Db;
  readonly memory: MemoryRules;
}

interface Reply {
  readonly ok: boolean;
  readonly text: string;
}

const target = z.enum(["memory", "user"]);
const whose = z.string().default("");
/** What `hermes memory` asks the record; `whose` is `team`, `chat:KEY`, a person's name or account, or empty for the owner. */
const requests = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("list") }),
  z.strictObject({ do: z.literal("show"), whose, json: z.boolean().default(false) }),
  z.strictObject({ do: z.literal("forget"), whose, which: z.string() }),
  z.strictObject({ do: z.literal("write"), whose, target, base: z.string(), wanted: z.string() }),
  z.strictObject({ do: z.literal("import"), whose, files: z.partialRecord(target, z.string()) }),
]);
export type MemoryRequest = z.input<typeof requests>;
type Asked = Exclude<z.output<typeof requests>, { do: "list" }>;

/** Runs one `hermes memory` command. Whoever can run it has this machine: roles are for chats. */
export async function memoryControl(parts: MemoryControlParts, args: readonly string[]): Promise<Reply> {
  try {
    const asked = requests.parse(JSON.parse(args[0] ?? ""));
    if (asked.do === "list") return { ok: true, text: JSON.stringify(await kept(parts.db)) };
    return { ok: true, text: await done(parts, asked, await ownerNamed(parts.db, asked.whose)) };
  } catch (error) {
    if (error instanceof z.ZodError) return { ok: false, text: "The running service does not know this command. Restart it." };
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

/** A memory, and what to call it. */
interface Named {
  readonly owner: MemoryOwner;
  readonly name: string;
}

async function done({ db, memory: rules }: MemoryControlParts, asked: Asked, { owner, name }: Named): Promise<string> {
  const about = { owner, author: null, origin: "edit", turn: null, chat: null } as const;
  switch (asked.do) {
    case "show": {
      const view = await viewMemory(db, owner, rules);
      return asked.json ? JSON.stringify({ ...view, name }, null, 2) : listed(view, name);
    }
    case "forget": {
      const found = meantBy((await viewMemory(db, owner, rules)).entries, asked.which, languages[0]);
      if (typeof found === "string") throw new Error(found.replaceAll("`/memory`", "hermes memory show"));
      await keep(db, { ...about, origin: "command" }, { action: "remove", target: found.target, oldText: found.text }, rules);
      return `Forgotten: ${quoted(found.text)}`;
    }
    case "write": {
      const file = fileOf(owner, asked.target, rules);
      const { added, removed } = await rewrite(db, { ...about, target: asked.target }, asked, file);
      const changed = added + removed === 0 ? "nothing changed" : `${added} added, ${removed} taken away`;
      return `${fileNames[asked.target]} of ${name}: ${changed}.`;
    }
    case "import":
      return await imported(db, owner, name, asked.files, rules);
  }
}

/** How much is remembered of whom; nothing of what. */
async function kept(db: Db) {
  const files = await allMemories(db);
  const owners = Map.groupBy(files, ({ scope, owner }) => `${scope}:${owner}`);
  return [...owners.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { scope, owner, name } = first;
    const entries = own.reduce((sum, { text }) => sum + parseEntries(text).length, 0);
    return [{ scope, owner, name, entries, characters: own.reduce((sum, { text }) => sum + text.length, 0) }];
  });
}

async function imported(
  db: Db,
  owner: MemoryOwner,
  name: string,
  files: Readonly<Partial<Record<MemoryTarget, string>>>,
  rules: MemoryRules,
): Promise<string> {
  if (owner.scope !== "person") throw new Error("Memories are imported for a person: --person NAME.");
  const brought = await bringTo(db, owner.owner, files, rules);
  const lines = brought.flatMap(({ target: file, added, left }) => [
    `${fileNames[file]} of ${name}: ${added} added.`,
    ...left.map((entry) => `  no room for: ${entry.split("\n")[0] ?? ""}`),
  ]);
  return lines.length === 0 ? "There was nothing to import." : lines.join("\n");
}

function listed({ entries, use }: WholeView, name: string): string {
  const lines = entries.map(({ number, target: file, text, blocked, visible }) => {
    const marks = [visible ? "shown in shared chats" : "", blocked === null ? "" : `kept out of prompts: ${blocked}`];
    const note = marks.filter((mark) => mark !== "").join("; ");
    return `${String(number).padStart(3)}  ${fileNames[file].padEnd(9)}  ${text.replaceAll("\n", "\n     ")}${note === "" ? "" : `  [${note}]`}`;
  });
  return [`Memory of ${name}: ${use.join(", ")}`, ...(lines.length === 0 ? ["  nothing yet"] : lines)].join("\n");
}

async function ownerNamed(db: Db, words: string): Promise<Named> {
  if (words === "team") return { owner: teamMemory, name: "the team" };
  if (words.startsWith("chat:")) {
    parseChatKey(words.slice(5));
    return { owner: { scope: "chat", owner: words.slice(5) }, name: words.slice(5) };
  }
  const person = await personNamed(db, words);
  return { owner: personal(person), name: person.name };
}
