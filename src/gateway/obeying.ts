import type { Person } from "../core/chats.ts";
import type { InboundButton, InboundMessage } from "../core/inbound.ts";
import { settleInbound } from "../store/inbox.ts";
import { takePairing } from "../store/people.ts";
import { openSession } from "../store/sessions.ts";
import { approve } from "./access.ts";
import { isWhole, languageFor, runCommand } from "./commands.ts";
import type { Fetches } from "./fetches.ts";
import type { GatewayParts } from "./parts.ts";
import { takeChoice } from "./questions.ts";
import { say } from "./saying.ts";
import { wholly } from "./whole.ts";

/** What obeying may need. */
export interface Answering {
  readonly fetches: Fetches;
  /** What is called where nothing is said in answer to an event. */
  readonly silences: ReadonlyMap<number, () => void>;
}

/** True when the message was a command: it has been run and answered. */
export async function command(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  session: string | null,
  { silences, fetches }: Answering,
): Promise<boolean> {
  const run = (within: GatewayParts) => ran(within, id, person, inbound, session, fetches);
  let what: Awaited<ReturnType<typeof run>> = "none";
  if (isWhole(parts.commands, person, inbound)) {
    await wholly(parts, id, async (within) => {
      what = await run(within);
      return { session };
    });
  } else {
    what = await run(parts);
    if (what === "none") return false;
    await settleInbound(parts.db, id, session);
  }
  if (what === "silent") silences.get(id)?.();
  return true;
}

/** Whether it was a command, and whether anything is said to it: what is asked of the agent is answered later. */
async function ran(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  session: string | null,
  fetches: Fetches,
): Promise<"none" | "silent" | "said"> {
  const done = await runCommand(parts, person, inbound, session, fetches);
  if (done === null) return "none";
  // The thread is ours from now on, also after a /new: what is said in it next needs no mention. Nobody called us into it by a menu.
  const ours = session !== null || inbound.menu !== true;
  if (ours && inbound.kind === "shared" && inbound.chat.thread !== null) await openSession(parts.db, inbound.chat, inbound.kind);
  const { answer, asks } = done;
  if (answer === null) return asks ? "said" : "silent";
  const said = typeof answer === "string" ? { markdown: answer } : answer;
  await say(parts, `inbox:${id}`, [{ chat: inbound.chat, ...said }], inbound.messageId);
  return "said";
}

/** A button may carry a command: pressing it is typing it. */
export function asMessage({ data, ...inbound }: InboundButton): InboundMessage {
  return { ...inbound, type: "message", text: data, messageId: null, addressed: true, menu: true };
}

/** Takes a pressed button: the answer to a question, or to who may come in. */
export async function press(
  parts: GatewayParts,
  id: number,
  person: Person,
  { chat, data, sender }: InboundButton,
): Promise<void> {
  const language = () => languageFor(parts, person, sender);
  const words = await takeChoice(parts, person, data, language);
  if (words !== null) return await say(parts, `inbox:${id}`, [{ chat, markdown: words }]);
  const match = /^pair:(yes|no):([0-9A-Z]{1,16})$/.exec(data);
  if (match?.[2] === undefined) return;
  const own = await language();
  const by = { own, usual: parts.language };
  if (match[1] === "yes") return await say(parts, `inbox:${id}`, await approve(parts.db, person, match[2], chat, by));
  if (person.role !== "owner" && person.role !== "admin") return;
  await takePairing(parts.db, match[2]);
  await say(parts, `inbox:${id}`, [{ chat, markdown: own.access.ignored }]);
}
