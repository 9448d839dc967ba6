import { findCommand, mayUse, parseCommand } from "../commands/command.ts";
import { usualLanguage } from "../commands/languages/chosen.ts";
import { languageOf } from "../commands/languages/index.ts";
import type { Account, Person } from "../core/chats.ts";
import type { Command, CommandAnswer } from "../core/command.ts";
import type { Inbound, InboundMessage } from "../core/inbound.ts";
import type { Language } from "../core/language.ts";
import { choicePrefix } from "../core/question.ts";
import { sessionState } from "../store/status.ts";
import { choosePersonSetting, personSettings } from "../store/person-settings.ts";
import { commandPorts } from "./command-ports.ts";
import type { Fetches } from "./fetches.ts";
import type { GatewayParts } from "./parts.ts";

/** What to answer to a command; `asks`: it has made a request, which is answered as one. */
interface Ran {
  readonly answer: CommandAnswer;
  readonly asks: boolean;
}

/** Runs a message that is a command, and gives what to answer; null: it is none. */
export async function runCommand(
  parts: GatewayParts,
  person: Person,
  inbound: InboundMessage,
  session: string | null,
  fetches: Fetches,
): Promise<Ran | null> {
  const parsed = parseCommand(inbound.text);
  if (!parsed) return null;
  const language = await languageFor(parts, person, inbound.sender);
  const usable = parts.commands.filter((each) => mayUse(person.role, each));
  const found = findCommand(usable, parsed.name);
  switch (found.type) {
    case "several":
      return { answer: language.help.ambiguous(parsed.name, found.names), asks: false };
    case "none": {
      const known = findCommand(parts.commands, parsed.name).type === "one";
      return { answer: known ? language.help.forbidden(parsed.name) : language.help.unknown(parsed.name), asks: false };
    }
    case "one": {
      let asks = false;
      const ports = commandPorts(parts, inbound, person, session, language, { fetches, asked: () => void (asks = true) });
      if (found.command.whenIdle && (await busy(parts, session))) return { answer: language.help.busy(found.command.name), asks };
      const { chat, kind } = inbound;
      const files = inbound.files !== undefined;
      const answer = await found.command.run({ person, chat, kind, language, args: parsed.args, files, ports, commands: usable });
      return { answer, asks };
    }
  }
}

/** Whether an event waits for nothing that came before it in its chat: a stop, an answer to what is asked, a command like them. */
export function isUrgent(commands: readonly Command[], inbound: Inbound): boolean {
  const typed = (text: string) => {
    const parsed = parseCommand(text);
    const found = parsed && findCommand(commands, parsed.name);
    return found?.type === "one" && found.command.urgent === true;
  };
  switch (inbound.type) {
    case "stop":
      return true;
    case "button":
      return inbound.data.startsWith(choicePrefix) || typed(inbound.data);
    case "message":
      return inbound.addressed && inbound.part === undefined && typed(inbound.text);
    case "change":
    case "left":
      return false;
  }
}

/** Whether a message is a command that is done as a whole (`Command.whole`). */
export function isWhole(commands: readonly Command[], person: Person, { text }: InboundMessage): boolean {
  const parsed = parseCommand(text);
  const found =
    parsed &&
    findCommand(
      commands.filter((each) => mayUse(person.role, each)),
      parsed.name,
    );
  return found?.type === "one" && found.command.whole === true;
}

/** Whether the conversation's history is about to change: by what runs, by what waits for a worker, or by a summary. */
async function busy({ db }: Pick<GatewayParts, "db">, session: string | null): Promise<boolean> {
  const state = session === null ? null : await sessionState(db, session);
  return state !== null && (state.running !== null || state.waiting > 0 || state.shortening);
}

/** What the person picked, else their client's language, else the configured one. */
export async function languageFor(
  parts: Pick<GatewayParts, "db" | "language">,
  person: Person,
  sender: Account,
): Promise<Language> {
  const { language: picked, client_language: known } = await personSettings(parts.db, person.id);
  const told = sender.language === undefined ? undefined : (languageOf(sender.language)?.code ?? "other");
  // Not every event tells it: a message on Discord does not, a button does.
  if (told !== undefined && told !== known) await choosePersonSetting(parts.db, person.id, "client_language", told);
  return languageOf(picked) ?? languageOf(told ?? known) ?? usualLanguage(parts.language);
}
