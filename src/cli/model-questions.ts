import { isUnnamed } from "../config/provider-names.ts";
import type { ProviderEntry } from "../config/providers.ts";
import { Failure } from "../core/failures.ts";
import { shownModel } from "../model/address.ts";
import { firstChat } from "../model/server.ts";
import type { Context } from "./context.ts";
import type { ModelServer } from "./model-server.ts";

/** The ways a server can be spoken to, as the menu numbers them. */
export const apiModes = [
  { mode: "auto", title: "Auto-detect", short: "auto-detect" },
  { mode: "chat_completions", title: "Chat Completions", short: "Chat Completions" },
  { mode: "responses", title: "Responses / Codex", short: "Responses" },
  { mode: "anthropic_messages", title: "Anthropic Messages", short: "Anthropic Messages" },
] as const;

/** The mode that a spelling means, or null. */
export function modeOf(written: string): string | null {
  const mode = { "auto-detect": "auto", codex_responses: "responses" }[written] ?? written;
  return apiModes.find((each) => each.mode === mode)?.mode ?? null;
}

type Ask = NonNullable<Context["ask"]>;

/** Names longer lists than this only in part. */
const mostListed = 30;

/** Which of the servers that are set up; `new` for another one, null to leave everything as it is. */
export async function askWhich(
  context: Context,
  ask: Ask,
  entries: readonly ProviderEntry[],
): Promise<ProviderEntry | "new" | null> {
  entries.forEach(({ name, model }, index) =>
    context.print(`${index + 1}. ${name}${model === null ? "" : ` (${shownModel(model)})`}`),
  );
  context.print(`${entries.length + 1}. Add another endpoint`);
  for (;;) {
    const answer = await ask(`Choice [1-${entries.length + 1}, Enter to leave it as it is]: `);
    if (answer === "") return null;
    const number = Number(answer);
    if (number === entries.length + 1) return "new";
    const entry = entries[number - 1] ?? entries.find(({ name }) => name === answer);
    if (entry !== undefined) return entry;
    context.print(`${answer} is none of these.`);
  }
}

/** The API mode by its number; Enter keeps the current one. */
export async function askMode(context: Context, ask: Ask, current: string): Promise<string> {
  context.print("Select API compatibility mode:");
  apiModes.forEach(({ mode, title }, index) => context.print(`  ${index + 1}. ${title}${mode === current ? " [current]" : ""}`));
  for (;;) {
    const answer = await ask("Choice [1-4, Enter to keep current/detected]: ");
    const chosen = answer === "" ? apiModes.find(({ mode }) => mode === current) : apiModes[Number(answer) - 1];
    if (chosen !== undefined) return chosen.mode;
    context.print(`${answer} is none of these.`);
  }
}

/** The model to use: the only one after a yes, else one of a list by number or name. Null when the answer is no. */
export async function askModel(context: Context, ask: Ask, server: ModelServer, current: string | null): Promise<string | null> {
  const preferred = preferredModel(server, current);
  if (server.models.length === 1) {
    context.print(`Detected model: ${preferred}`);
    return /^n/i.test(await ask("Use this model? [Y/n]: ")) ? null : preferred;
  }
  server.models.slice(0, mostListed).forEach((name, index) => context.print(`  ${index + 1}. ${name}`));
  if (server.models.length > mostListed) context.print(`  … and ${server.models.length - mostListed} more; type a name.`);
  for (;;) {
    const answer = await ask(`Model, by number or name [${preferred}]: `);
    const chosen = answer === "" ? preferred : (server.models[Number(answer) - 1] ?? namedModel(answer, server));
    if (chosen !== undefined) return chosen;
    context.print(unknownModel(answer, server).message);
  }
}

/** The current model where the server has it, else its first. */
export function preferredModel(server: ModelServer, current: string | null): string {
  const first = firstChat(server.models);
  if (first !== null) return current !== null && server.models.includes(current) ? current : first;
  throw new Failure("model.refused", `${server.baseUrl} lists no model.`, { advice: "Load one on the server first." });
}

/** The server's model of this name, or of this file without its folders and ending. Throws `model.refused` with what there is. */
export function meantModel(written: string, server: ModelServer): string {
  const meant = namedModel(written, server);
  if (meant === undefined) throw unknownModel(written, server);
  return meant;
}

function namedModel(written: string, { models }: ModelServer): string | undefined {
  const alike = models.filter((name) => shownModel(name) === written.replace(/\.gguf$/i, ""));
  return models.find((name) => name === written) ?? (alike.length === 1 ? alike[0] : undefined);
}

/** A model that the server does not have, with what it has. */
function unknownModel(model: string, server: ModelServer): Failure {
  const listed = server.models.slice(0, 5).join(", ");
  const advice = `It lists ${listed}${server.models.length > 5 ? ", …" : ""}.`;
  return new Failure("model.refused", `${server.baseUrl} has no model ${model}.`, { advice });
}

/** What to call the server; Enter takes the usual name. The name of another one is taken only after a yes. */
export async function askName(context: Context, ask: Ask, usual: string, others: ReadonlyMap<string, string>): Promise<string> {
  for (;;) {
    const typed = (await ask(`Display name [${usual}]: `)) || usual;
    const other = others.get(typed);
    if (isUnnamed(typed)) context.print(taken(typed));
    else if (other === undefined || /^y/i.test(await ask(`${typed} is ${other} already. Replace it? [y/N]: `))) return typed;
  }
}

/** A name that a provider may have. Throws `config.invalid` for one that means something else already. */
export function checkedName(name: string): string {
  if (!isUnnamed(name)) return name;
  throw new Failure("config.invalid", taken(name), { advice: "Give another one with --name." });
}

function taken(name: string): string {
  return `${name} can't be a server's name: as a provider it stands for whatever is configured or found.`;
}

/** A context length; Enter lets the server say. */
export async function askWindow(context: Context, ask: Ask): Promise<number | "auto"> {
  for (;;) {
    const answer = await ask("Context length in tokens [leave blank for auto-detect]: ");
    if (answer === "") return "auto";
    const tokens = readWindow(answer);
    if (tokens !== null) return tokens;
    context.print(`${answer} is no context length: give a whole number of at least 1024.`);
  }
}

/** A context length as people write it (`65536`, `65,536`, `64k`); null for anything else, or less than 1,024. */
export function readWindow(text: string): number | null {
  const match = /^(\d{1,3}(?:[,_ ]\d{3})+|\d+)(k)?$/i.exec(text.trim());
  const digits = match?.[1]?.replace(/[,_ ]/g, "");
  if (digits === undefined) return null;
  const tokens = Number(digits) * (match?.[2] === undefined ? 1 : 1_024);
  return tokens >= leastWindow && tokens <= mostWindow ? tokens : null;
}

/** As wide as `model.context_length`. */
const leastWindow = 1_024;
const mostWindow = 10_000_000;
