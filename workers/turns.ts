import { type Held, type SetRunning, withPrompt, workOne } from "./one-turn.ts";
import { viewerOf } from "./places.ts";
import { type TurnParts, turnQueue } from "./turn-parts.ts";
import { compressAsked, tellUncompressed } from "../src/agent/compression/asked.ts";
import { languageOfPerson } from "../src/commands/languages/chosen.ts";
import { chatKey } from "../src/core/chats.ts";
import { type TurnEnd, unwritten } from "../src/core/events.ts";
import { asFailure } from "../src/core/failures.ts";
import { leaseMs } from "../src/core/limits.ts";
import type { JobOutcome } from "../src/core/queue.ts";
import type { Hold } from "../src/store/hold.ts";
import { abandonSession, handOverSession, releaseIfIdle } from "../src/store/sessions.ts";
import { claimSession, nextWork, type Work } from "../src/store/work.ts";
import { wakeDeliveries } from "./asking.ts";
import { keepLeases, type Leases } from "./leases.ts";
import { createRests, type Rests } from "./rests.ts";

export interface TurnWorker {
  /** No new turns; running ones get `drainMs`, then they are left for another worker to resume. */
  drain(): Promise<void>;
}

/** Takes sessions off the queue and runs their turns, one after another, until nothing waits in them. */
export async function workTurns(parts: TurnParts, holder: string): Promise<TurnWorker> {
  const leases = keepLeases(parts.db, holder, parts.log);
  const rests = createRests();
  const state = { draining: false };
  const consumer = await parts.queues.consume(turnQueue, parts.settings.places, async (session) => {
    return await workSession(parts, { leases, rests, holder }, session, () => state.draining);
  });
  const signals = await parts.live.onSignal((turn) => leases.stop(turn));
  return {
    async drain() {
      state.draining = true;
      const timer = setTimeout(() => leases.leaveAll(), parts.settings.drainMs);
      await consumer.drain();
      clearTimeout(timer);
      await signals.close();
      await consumer.close();
      await parts.titles.close();
      await parts.skillReview.close();
      await parts.reviews.close();
      leases.close();
    },
  };
}

/** What a worker knows of the sessions that it works on. */
interface Hands {
  readonly leases: Leases;
  readonly rests: Rests;
  readonly holder: string;
}

async function workSession(
  parts: TurnParts,
  { leases, rests, holder }: Hands,
  session: string,
  draining: () => boolean,
): Promise<JobOutcome> {
  parts.glance();
  // The sweeper asks again every second.
  if (rests.has(session)) return { type: "done" };
  const claim = draining() ? null : await claimSession(parts.db, session, holder, leaseMs);
  if (!claim) return { type: "done" };
  const { hold, info } = claim;
  const lease = leases.hold(session);
  let work = claim.work && forgiving(claim.work, rests.forgiven(session));
  try {
    let left = false;
    while (!left && !draining()) {
      const set: SetRunning = (running) => lease.set(running);
      const worked = work && (await workOn(parts, { hold, info }, work, set));
      // What is over is told of no more.
      work = null;
      rests.end(session);
      if (worked === "handed_over") break;
      left = await releaseIfIdle(parts.db, hold);
      if (!left) work = await nextWork(parts.db, hold);
    }
    if (!left) await letGo(parts, hold, draining());
    return { type: "done" };
  } catch (error) {
    const failure = asFailure(error);
    parts.log.warn({ session, code: failure.code, error: failure }, "a session was let go of; it goes on from its journal");
    if (failure.code === "state.unavailable") await rest(parts, rests, hold, work);
    else await abandonSession(parts.db, hold).catch(() => undefined);
    // Neither `again` nor a wake-up: a poisoned session must not spin. The sweeper brings it back in a second, and its attempts are counted.
    return { type: "done" };
  } finally {
    lease.drop();
  }
}

/** The record takes nothing of it: that is no attempt of its turn, whose chat is told. Each further one would ask the model in vain. */
async function rest(parts: TurnParts, rests: Rests, hold: Hold, work: Work | null): Promise<void> {
  const counted = await handOverSession(parts.db, hold).then(
    () => false,
    () => true,
  );
  rests.begin(hold.session, counted);
  if (work === null) return;
  const { chat } = work.type === "compress" ? work.request : work.type === "begin" ? work.waiting.inbound : work.turn.request;
  parts.live.publish(unwritten(hold.session, chat, work.person.id));
}

function forgiving(work: Work, forgiven: number): Work {
  if (work.type !== "resume" || forgiven === 0) return work;
  return { ...work, turn: { ...work.turn, attempts: work.turn.attempts - forgiven } };
}

/** Leaves the session for whoever comes next, and says so on the queue (the sweeper would too, a second later). */
async function letGo(parts: TurnParts, hold: Hold, onPurpose: boolean): Promise<void> {
  await (onPurpose ? handOverSession : abandonSession)(parts.db, hold);
  await parts.queues
    .queue(turnQueue)
    .wake(hold.session)
    .catch(() => undefined);
}

async function workOn(parts: TurnParts, claim: Held, work: Work, set: SetRunning): Promise<TurnEnd> {
  if (work.type !== "compress") return await workOne(parts, claim, work, set);
  return await shorten(parts, claim, work, set);
}

/** Shortens the session's history between two turns, because somebody has asked for it. */
async function shorten(parts: TurnParts, held: Held, work: Work & { type: "compress" }, set: SetRunning): Promise<TurnEnd> {
  const { db, metrics, compressor } = parts;
  const { hold } = held;
  const { request, person } = work;
  const language = () => languageOfPerson(db, person.id, parts.settings.language);
  const control = new AbortController();
  set({ turn: request.key, leave: (reason) => control.abort(reason) });
  try {
    const info = await withPrompt(parts, held.info, person, null);
    const model = await parts.models.current({ id: info.session, choice: work.choice });
    const { signal } = control;
    const common = { db, hold, info, viewer: viewerOf(info, person), person: person.id, model, metrics, compressor, signal };
    const done = await compressAsked({ ...common, turn: null, step: 0, emit: () => undefined }, request, await language());
    if (!done) return "handed_over";
  } catch (error) {
    const failure = asFailure(error);
    if (failure.code === "turn.stale") throw failure;
    parts.log.warn({ session: hold.session, code: failure.code, error: failure }, "a conversation could not be shortened");
    await tellUncompressed(db, hold, request, failure, await language());
  } finally {
    set(null);
  }
  await wakeDeliveries(parts, [chatKey(request.chat)]);
  return "answered";
}
