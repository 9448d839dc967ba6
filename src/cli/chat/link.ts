import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "../../core/failures.ts";
import {
  chatCommand,
  type TerminalCall,
  type TerminalFile,
  type TerminalHears,
  type TerminalLink,
  type TerminalSays,
} from "../../core/terminal.ts";
import { callVisit } from "../../gateway/control-socket.ts";
import type { Visit } from "../../gateway/visit.ts";
import type { Context } from "../context.ts";

export interface LinkOptions {
  readonly context: Pick<Context, "home" | "env" | "product">;
  readonly call: TerminalCall;
  /** How long a service that has just gone away is given to come back before one is opened here, in milliseconds. */
  readonly patienceMs: number;
  /** Whether one may be opened here at all, now. */
  mayOpen?(): boolean;
  readonly signal?: AbortSignal;
}

type Hello = TerminalHears & { readonly type: "hello" };

/** Reaches the service that runs on this home, or opens one here; throws a `Failure` where neither can be. */
export async function openLink(options: LinkOptions): Promise<{ readonly link: TerminalLink; readonly hello: Hello }> {
  const own: Own = { service: null };
  try {
    return await reached(options, own);
  } catch (thrown) {
    await own.service?.close();
    throw thrown;
  }
}

/** What was opened for this terminal alone. */
interface Own {
  service: { close(): Promise<void> } | null;
}

async function reached(options: LinkOptions, own: Own): Promise<{ readonly link: TerminalLink; readonly hello: Hello }> {
  /** Since when somebody has had the home and not been ready. */
  let heldAt: number | null = null;
  const opensAt = performance.now() + options.patienceMs;
  for (;;) {
    const visit = await callVisit(options.context.home, { command: chatCommand, args: [JSON.stringify(options.call)] });
    const late = heldAt !== null && performance.now() - heldAt > giveUpMs;
    if (visit !== null) {
      const said: TerminalHears[] = [];
      const answer = await greeted(visit, said);
      if (answer.type === "hello") return { link: linkOver(visit, said, own), hello: answer };
      if (answer.type !== "refused" || !answer.again || late)
        throw new Failure("state.unavailable", answer.type === "refused" ? answer.why : misunderstood);
      heldAt ??= performance.now();
    } else if (own.service !== null) {
      throw new Failure("state.unavailable", "the service that was opened here does not answer");
    } else if (performance.now() >= opensAt && options.mayOpen?.() !== false) {
      own.service = await openHere(options, late);
      if (own.service !== null) continue;
      heldAt ??= performance.now();
    }
    await wait(retryMs, null, options.signal === undefined ? {} : { signal: options.signal });
  }
}

const giveUpMs = 60_000;
const answerMs = 30_000;
const retryMs = 100;
const misunderstood = "This `hermes` and the running service don't understand each other. Restart the service.";

/** Null when somebody else has just taken the home: they answer soon. */
async function openHere({ context }: LinkOptions, late: boolean): Promise<{ close(): Promise<void> } | null> {
  // What was chosen for this talk is its own; others that this process works for have what is configured.
  const { HERMES_TOOLSETS: _, ...env } = context.env;
  try {
    return await (await context.product()).openForTerminal(context.home, env);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "home.held" && !late) return null;
    throw thrown;
  }
}

type Greeting = Hello | (TerminalHears & { readonly type: "refused" }) | { readonly type: "other" };

/**
 * What it says first; `early` gets what it says until somebody else listens. Of what was said before the greeting only messages count: what
 * turns have said by then is in it.
 */
async function greeted(visit: Visit, early: TerminalHears[]): Promise<Greeting> {
  const { promise, resolve } = Promise.withResolvers<Greeting>();
  let isGreeted = false;
  visit.listen(
    (message) => {
      const said = heard(message);
      if (said === null) return resolve({ type: "other" });
      if (isGreeted || said.type === "post" || said.type === "edit") early.push(said);
      if (said.type !== "hello" && said.type !== "refused") return;
      isGreeted = true;
      resolve(said);
    },
    () => resolve({ type: "refused", id: null, why: "The service has just ended.", again: true }),
  );
  const silent = "The running service does not answer. Look at its log, or restart it.";
  const timer = setTimeout(() => resolve({ type: "refused", id: null, why: silent, again: false }), answerMs);
  return await promise.finally(() => clearTimeout(timer));
}

function linkOver(visit: Visit, early: readonly TerminalHears[], own: Readonly<Own>): TerminalLink {
  const uploads = uploadsTo(visit);
  return {
    say: (message, files = []) => uploads.say(message, files),
    listen(listener, gone) {
      for (const said of early) listener(said);
      visit.listen((message) => {
        const said = heard(message);
        if (said !== null && !uploads.heard(said)) listener(said);
      }, gone);
      uploads.refused = (id, { why, again }) => listener({ type: "refused", id, why, again });
    },
    async leave() {
      visit.leave();
      await own.service?.close();
    },
  };
}

type Answer = TerminalHears & { readonly type: "taken" | "refused" };

interface Uploads {
  say(message: TerminalSays, files: readonly TerminalFile[]): void;
  /** Whether it was the answer to a file. */
  heard(said: TerminalHears): boolean;
  /** Tells that a message has not been said, as a file of it was not taken. */
  refused(message: string, answer: Answer & { readonly type: "refused" }): void;
}

/**
 * Says messages in their order, each after its files: one of those at a time, when the one before it has been taken. A stop is said at
 * once, and what has waited here until then is not said any more: the service, too, drops what waits for a file.
 */
function uploadsTo(visit: Visit): Uploads {
  const waiting = new Map<string, (answer: Answer) => void>();
  const kept = new Set<string>();
  /** Messages that wait for files, their own or another's. */
  const behind = new Set<TerminalSays & { readonly type: "say" }>();
  let last: Promise<void> = Promise.resolve();
  const send = async ({ id, name, bytes }: TerminalFile): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    visit.say({ type: "file", id, name, bytes: Buffer.from(bytes).toString("base64") } satisfies TerminalSays);
    return await promise.finally(() => waiting.delete(id));
  };
  const sayAfter = async (message: TerminalSays & { readonly type: "say" }, files: readonly TerminalFile[]) => {
    for (const file of files) {
      if (kept.has(file.id) || !behind.has(message)) continue;
      const answer = await send(file);
      if (answer.type === "taken") kept.add(file.id);
      else if (behind.delete(message)) uploads.refused(message.id, answer);
    }
    if (behind.delete(message)) visit.say(message);
  };
  const drop = () => {
    const dropped = [...behind];
    behind.clear();
    for (const { id } of dropped) uploads.refused(id, { type: "refused", id, why: stopped, again: false });
  };
  const uploads: Uploads = {
    say(message, files) {
      if (message.type !== "say" || (behind.size === 0 && files.length === 0)) visit.say(message);
      else {
        behind.add(message);
        last = last.then(() => sayAfter(message, files));
      }
      if (message.type === "stop") drop();
    },
    heard(said) {
      const take = (said.type === "taken" || said.type === "refused") && said.id !== null ? waiting.get(said.id) : undefined;
      if (take === undefined || (said.type !== "taken" && said.type !== "refused")) return false;
      take(said);
      return true;
    },
    refused: () => {},
  };
  return uploads;
}

const stopped = "Stopped before its files were there: it was not said.";

/** What the service said. It is ours, behind a socket that only the home's owner may open: the cast states that. */
function heard(message: unknown): TerminalHears | null {
  return typeof message === "object" && message !== null && "type" in message ? (message as TerminalHears) : null;
}
