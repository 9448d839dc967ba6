import type { Person } from "../../core/chats.ts";
import { aboutOf, asideLabel, type ErrandPorts, type ErrandTerms } from "../../core/errand.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { priorities } from "../../core/queue.ts";
import { stopErrand } from "../../store/errand-ends.ts";
import { hasEnough, openErrandLines } from "../../store/errand-lines.ts";
import { beginErrand } from "../../store/errands.ts";
import { sessionChoice } from "../../store/sessions.ts";
import type { GatewayParts } from "../parts.ts";
import { stopAll } from "../stopping.ts";

/** Each takes a worker and the model for minutes: one person's don't take all, in however many chats. */
const mostBackground = 10;

const rules =
  "- This is a background task: the person goes on with other things, nobody answers you here, and your answer arrives in their chat as a message of its own.";

const asideRules =
  "- This is a side question about the conversation above: answer it in a few words, and do nothing else. What you say arrives as a message of its own; the conversation goes on without it.";

/** The errands of the chat that a command was typed in. */
export function errandPorts(parts: GatewayParts, inbound: InboundMessage, person: Person, session: string | null): ErrandPorts {
  const { db } = parts;
  const open = () => openErrandLines(db, inbound.chat, person.id);
  const begin = async (prompt: string, how: "background" | "aside", terms: ErrandTerms): Promise<number | null> => {
    const key = `${how}:${inbound.key}`;
    if (await hasEnough(db, person.id, key, mostBackground)) return null;
    const model = session === null ? null : await sessionChoice(db, session);
    const errand = await beginErrand(db, {
      type: "background",
      key,
      person,
      kind: inbound.kind,
      home: inbound.chat,
      prompt,
      terms: { ...terms, model },
      // Whoever deletes the conversation deletes this too.
      ...(session === null ? {} : { details: { session } }),
      ...(how === "aside" && session !== null ? { history: session } : {}),
    });
    await parts.queues
      .queue(parts.names.turns)
      .wake(errand.session, { priority: priorities.subagent })
      .catch((error: unknown) =>
        parts.log.warn({ error, session: errand.session }, "the queue can't be reached; the sweeper begins this task"),
      );
    return errand.number;
  };
  return {
    list: open,
    async stop(number) {
      const meant = (await open()).filter((each) => number === null || each.number === number);
      for (const { id } of meant) await stopAll(parts, await stopErrand(db, id, `${person.name} stopped it`));
      return meant;
    },
    begin: (prompt) => begin(prompt, "background", { ...backgroundTerms, about: aboutOf(prompt) }),
    aside: (question) =>
      begin(question, "aside", { ...backgroundTerms, label: asideLabel, rules: asideRules, about: aboutOf(question) }),
  };
}

const backgroundTerms: Omit<ErrandTerms, "about"> = {
  label: "Background task",
  rules,
  memory: true,
  only: null,
  // Words in the chat are for the conversation there: they can't answer a question of another.
  without: ["clarify"],
  model: null,
  maxSteps: null,
  timeoutMs: null,
  attended: true,
  depth: 0,
};
