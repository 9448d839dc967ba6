import { chatKey } from "../src/core/chats.ts";
import { type Errand, type ErrandType, type Landing, nameOf } from "../src/core/errand.ts";
import type { Live } from "../src/core/live.ts";
import type { Log } from "../src/core/log.ts";
import { plainWords } from "../src/core/markdown.ts";
import type { Outbound } from "../src/core/outbound.ts";
import { priorities, type Queues } from "../src/core/queue.ts";
import { landInHome, noteLanded, releaseHeld, stopOverdue, type Stopping, turnsWithHeld } from "../src/store/errand-ends.ts";
import { findErrand, sessionOfTurn, unlanded } from "../src/store/errands.ts";
import type { Db } from "../src/store/hold.ts";
import { answerKey } from "../src/store/turns.ts";
import { wakeDeliveries } from "./asking.ts";
import { tellOfAgent } from "./saying.ts";

/** What errands' ends are worked with. */
export interface ErrandParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly live: Live;
  readonly log: Log;
  /** The name of the queue of turns. */
  readonly turns: string;
}

/** What follows the end of each type of errand. */
export type Landings = Readonly<Record<ErrandType, Landing>>;

export interface Errands {
  /** An errand's turn has ended: does what follows, or leaves it to the sweep. */
  ended(id: string): Promise<void>;
  /** Stops what has had its time, begins what is held for nothing, and lands what nobody has landed: after a kill, a wiped Redis, a lost wake-up. */
  sweep(): Promise<void>;
}

/** One that ended this long ago without a landing: whoever ended it is gone. */
const abandonedMs = 1_000;
const landedAtOnce = 100;

/** Works the ends of errands; `others` says what follows those whose landing is not here. */
export function openErrands(parts: ErrandParts, others: Omit<Landings, "subagent" | "background">): Errands {
  const { db, log } = parts;
  const landings: Landings = {
    ...others,
    subagent: (errand) => landSubagent(parts, errand),
    background: (errand) => landBackground(parts, errand),
  };
  const land = async (errand: Errand): Promise<void> => {
    await landings[errand.type](errand);
    await noteLanded(db, errand.id);
  };
  return {
    async ended(id) {
      try {
        const errand = await findErrand(db, id);
        if (errand !== null) await land(errand);
      } catch (error) {
        log.warn({ errand: id, error }, "what follows an errand could not be done yet; the sweeper does it");
      }
    },
    async sweep() {
      await tellStopped(parts, await stopOverdue(db));
      for (const turn of await turnsWithHeld(db)) await letGo(parts, turn);
      for (const errand of await unlanded(db, abandonedMs, landedAtOnce)) {
        await land(errand).catch((error: unknown) =>
          log.warn({ errand: errand.id, error }, "what follows an errand could not be done; it is tried again"),
        );
      }
    },
  };
}

type Waking = Pick<ErrandParts, "queues" | "log" | "turns">;

/** Wakes an errand's session, as one that nobody watches or as a schedule's. */
export async function wakeErrand({ queues, log, turns }: Waking, type: ErrandType, session: string): Promise<void> {
  await wake({ queues, log, turns }, session, type === "run" ? priorities.scheduled : priorities.subagent);
}

async function wake({ queues, log, turns }: Waking, session: string, priority: number): Promise<void> {
  await queues
    .queue(turns)
    .wake(session, { priority })
    .catch((error: unknown) => log.warn({ error, session }, "the queue can't be reached; the sweeper will wake the session"));
}

/** Lets whoever runs stopped turns know; what is parked has to be woken for it. */
async function tellStopped(parts: Omit<ErrandParts, "db">, { turns, sessions }: Omit<Stopping, "ended">): Promise<void> {
  for (const turn of turns) parts.live.signal(turn);
  for (const session of sessions) await wakeErrand(parts, "subagent", session);
}

/** The call that waits runs again once the last of its turn's has ended; another that was held may begin. */
async function landSubagent(parts: ErrandParts, errand: Errand): Promise<void> {
  const { parent, status } = errand;
  if (status !== "waiting" && status !== "running") tellOfAgent(parts.live, errand, status, "", 0);
  if (parent === null) return;
  await letGo(parts, parent.turn);
  const waiting = await sessionOfTurn(parts.db, parent.turn);
  if (waiting === null) return;
  await wake(parts, waiting, errand.terms.depth === 1 ? priorities.interactive : priorities.subagent);
}

/** Held subagents of this turn may begin, as far as there is room. */
async function letGo(parts: ErrandParts, turn: string): Promise<void> {
  for (const session of await releaseHeld(parts.db, turn)) await wakeErrand(parts, "subagent", session);
}

/** The answer goes into its chat as a message of its own. */
async function landBackground(parts: ErrandParts, errand: Errand): Promise<void> {
  if (errand.home === null) return;
  const { chat } = errand.home;
  const { answer, files, turn } = errand.result ?? { ...untouched, turn: errand.id };
  const said = { ...answer, markdown: `${headOf(errand)}\n\n${answer.markdown}` };
  const owed = [said, ...files].map((body, index) => ({ key: answerKey(turn, index), body }));
  await landInHome(parts.db, errand.id, chat.platform, chatKey(chat), owed);
  await wakeDeliveries(parts, [chatKey(chat)]);
}

/** Whose answer this is: it comes in the middle of another conversation. */
function headOf(errand: Errand): string {
  return `**${plainWords(nameOf(errand))}**: ${plainWords(errand.terms.about)}`;
}

const untouched: { readonly answer: Outbound; readonly files: readonly Outbound[] } = {
  answer: { markdown: "", replyTo: null, ending: { type: "stopped" } },
  files: [],
};
