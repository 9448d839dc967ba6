import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MemoryRules } from "../core/memory.ts";
import type { Db } from "../store/hold.ts";
import { getSetting, putSetting } from "../store/settings.ts";
import { fileNames } from "./entries.ts";
import { bringIn, type Brought } from "./keeping.ts";
import { filesOf, personal } from "./scopes.ts";

/** An existing Hermes Agent keeps its memory here, in its home. The files are read and never written. */
async function readHomeMemory(home: string): Promise<Readonly<Partial<Record<"memory" | "user", string>>>> {
  const read = (name: string) => readFile(join(home, "memories", name), "utf8").catch(() => "");
  const [memory, user] = await Promise.all([read(fileNames.memory), read(fileNames.user)]);
  return { ...(memory.trim() === "" ? {} : { memory }), ...(user.trim() === "" ? {} : { user }) };
}

const importedKey = "memory.imported";

/** Brings an existing home's memory to its owner, the first time there are both. */
export async function importOnce(db: Db, home: string, owner: string, rules: MemoryRules): Promise<void> {
  if ((await getSetting(db, importedKey)) !== null) return;
  const given = await readHomeMemory(home);
  if (given.memory === undefined && given.user === undefined) return;
  await bringTo(db, owner, given, rules);
  await putSetting(db, importedKey, new Date().toISOString());
}

/** Adds the entries of memory files to a person's own memory, as far as they fit. */
export async function bringTo(
  db: Db,
  person: string,
  given: Readonly<Partial<Record<"memory" | "user", string>>>,
  rules: MemoryRules,
): Promise<readonly Brought[]> {
  const owner = personal({ id: person });
  const brought: Brought[] = [];
  for (const file of filesOf(owner, rules)) {
    const text = given[file.target];
    if (text === undefined) continue;
    const about = { owner, target: file.target, author: person, origin: "import", turn: null, chat: null } as const;
    brought.push(await bringIn(db, about, text, file));
  }
  return brought;
}
