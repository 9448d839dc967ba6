import { findCommand, mayUse } from "../commands/command.ts";
import { languages } from "../commands/languages/index.ts";
import type { Account } from "../core/chats.ts";
import type { Command } from "../core/command.ts";
import type { ProviderListing } from "../core/model.ts";
import type { Db } from "../store/hold.ts";
import { personOf } from "../store/people.ts";
import { listSkills } from "../store/skills.ts";

export interface SuggestionParts {
  readonly db: Db;
  readonly commands: readonly Command[];
  listings(signal: AbortSignal): Promise<readonly ProviderListing[]>;
}

/** Platforms wait three seconds for suggestions. */
const listMs = 2_000;

/** What a command's argument can be, while somebody types it. Models are for those who may choose one. */
export async function suggestArgument(
  parts: SuggestionParts,
  account: Account,
  name: string,
  typed: string,
): Promise<readonly string[]> {
  const found = findCommand(parts.commands, name);
  const offers = found.type === "one" ? found.command.argument?.offers : undefined;
  if (offers === "languages") return [...languages.map(({ code }) => code), "auto"].filter((each) => each.includes(typed));
  if (offers === "skills") return await skillNames(parts.db, account, typed);
  if (found.type !== "one" || offers !== "models") return [];
  const { command } = found;
  try {
    const person = await personOf(parts.db, account);
    if (!person || !mayUse(person.role, { ...command, role: "admin" })) return [];
    const providers = await parts.listings(AbortSignal.timeout(listMs));
    const names = providers.flatMap(({ provider, models }) =>
      models.map((model) => (provider === "main" ? model : `${provider}:${model}`)),
    );
    const wanted = typed.toLowerCase();
    return ["default", ...new Set(names)].filter((each) => each.toLowerCase().includes(wanted));
  } catch {
    return [];
  }
}

/** Nobody but whoever types sees them, so one's own are among them. */
async function skillNames(db: Db, account: Account, typed: string): Promise<readonly string[]> {
  try {
    const person = await personOf(db, account);
    if (!person || person.role === "guest") return [];
    const wanted = typed.toLowerCase();
    return (await listSkills(db, { person: person.id })).map(({ name }) => name).filter((name) => name.includes(wanted));
  } catch {
    return [];
  }
}
