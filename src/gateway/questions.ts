import { inEach } from "../commands/languages/index.ts";
import { isAtLeast, type Person, parseChatKey } from "../core/chats.ts";
import type { InboundMessage } from "../core/inbound.ts";
import { plainWords } from "../core/markdown.ts";
import type { Language } from "../core/language.ts";
import { type LeaveChoice, leaveOf } from "../core/question.ts";
import { choiceOf, decide, type OpenQuestion, openQuestion, openQuestionIn } from "../store/questions.ts";
import type { GatewayParts } from "./parts.ts";

/** Takes a pressed button as a question's answer; the words to say back, or null. A closed question is passed over: its message says so. */
export async function takeChoice(
  parts: GatewayParts,
  person: Person,
  data: string,
  language: () => Promise<Language>,
): Promise<string | null> {
  const chosen = choiceOf(data);
  const open = chosen && (await openQuestion(parts.db, chosen.id));
  if (!open) return null;
  return await choose(parts, person, open, chosen.choice, language);
}

/**
 * Takes a command, the event `key`, as the answer to what the session asked leave for before it came; the words to say back, or null. What
 * is asked after it nobody has seen who typed it.
 */
export async function takeLeave(
  parts: GatewayParts,
  person: Person,
  session: string,
  { choice, key }: { readonly choice: LeaveChoice; readonly key: string },
  language: Language,
): Promise<string | null> {
  const open = await openQuestionIn(parts.db, session, "approval", key);
  if (!open) return language.asking.nothingWaits;
  const at = leaveOf(open.question).indexOf(choice);
  return at < 0 ? language.asking.onlyOnce : await choose(parts, person, open, at, async () => language);
}

/** Takes a message as the answer to what the agent has asked its sender; false when it is no answer. */
export async function takeWords(parts: GatewayParts, person: Person, session: string, inbound: InboundMessage): Promise<boolean> {
  const open = await openQuestionIn(parts.db, session, "clarify", null);
  if (!open || !mayAnswer(open, person)) return false;
  return await settle(parts, person, open, { choice: null, text: inbound.text });
}

async function choose(
  parts: GatewayParts,
  person: Person,
  open: OpenQuestion,
  choice: number,
  language: () => Promise<Language>,
): Promise<string | null> {
  const text = open.question.choices[choice];
  if (text === undefined) return null;
  if (!mayAnswer(open, person)) return refusalOf(open, await language());
  await settle(parts, person, open, { choice, text });
  return null;
}

/** False when somebody else was faster. */
async function settle(
  parts: GatewayParts,
  person: Person,
  open: OpenQuestion,
  reply: { readonly choice: number | null; readonly text: string },
): Promise<boolean> {
  const name = plainWords(person.name);
  const { choice } = reply;
  const leave = choice === null ? undefined : leaveOf(open.question)[choice];
  const shown = inEach(({ asking }) =>
    choice === null
      ? asking.answeredBy(name)
      : `*${name}: ${leave === undefined ? plainWords(reply.text) : asking.leave[leave]}*`,
  );
  const chats = await decide(parts.db, open.id, person, reply, shown);
  if (chats === null) return false;
  const wakes = [
    parts.queues.queue(parts.names.turns).wake(open.session),
    ...chats.map((chat) => parts.queues.queue(parts.names.deliveries(parseChatKey(chat).platform)).wake(chat)),
  ];
  await Promise.all(wakes).catch((error: unknown) =>
    parts.log.warn({ error, session: open.session }, "the queue can't be reached; the sweeper goes on with the answered turn"),
  );
  return true;
}

function mayAnswer({ asker, question }: OpenQuestion, person: Person): boolean {
  const { mayAnswer: who } = question;
  if (who.type === "asker") return person.id === asker;
  return isAtLeast(person.role, who.least) && !(who.fourEyes && person.id === asker);
}

function refusalOf({ question }: OpenQuestion, { asking }: Language): string {
  const { mayAnswer: who } = question;
  return who.type === "asker" ? asking.onlyAsker : asking.needs(who.least, who.fourEyes);
}
