import type { ModelFacts } from "../core/model.ts";
import type { Connection } from "./connection.ts";
import { discover, unknownFacts, type Discovered } from "./facts.ts";

/** What has been learnt of one server's models. */
export interface FactsMemory {
  /** Learns what is not known yet. Never rejects; once the signal says so, what is known until then. */
  learn(address: string, model: string, signal: AbortSignal): Promise<ModelFacts>;
  /** What is known now; null: nothing yet. */
  known(address: string, model: string): ModelFacts | null;
  /** The server may be another by now: asks again at the next wish to learn, and goes by the old answers until then. */
  forget(): void;
}

/** `configured` gives the context length that a person wrote down for a model. */
export function rememberFacts(
  connection: Connection,
  configured: (model: string) => number | null,
  freshMs = usualFreshMs,
): FactsMemory {
  const entries = new Map<string, Entry>();
  const entryOf = (address: string, model: string): Entry => {
    const key = `${address} ${model}`;
    const entry = entries.get(key) ?? { facts: null, askAgainAt: 0, staleAt: 0, asking: null, round: 0 };
    entries.set(key, entry);
    return entry;
  };
  const look = async (entry: Entry, address: string, model: string): Promise<void> => {
    const known = entry.facts?.kind ?? null;
    await ask(entry, freshMs, () => discover(connection, address, model, configured(model), new AbortController().signal, known));
  };
  return {
    learn: async (address, model, signal) => {
      const entry = entryOf(address, model);
      const now = performance.now();
      if (now < entry.askAgainAt && entry.facts !== null) {
        // It may have been started anew while nobody asked: looked at beside the request, which does not wait for it.
        if (now >= entry.staleAt) entry.asking ??= look(entry, address, model);
        return entry.facts;
      }
      entry.asking ??= look(entry, address, model);
      await until(entry.asking, signal);
      return entry.facts ?? unknownFacts(configured(model));
    },
    known: (address, model) => entryOf(address, model).facts,
    forget: () => {
      for (const entry of entries.values()) Object.assign(entry, { askAgainAt: 0, asking: null, round: entry.round + 1 });
    },
  };
}

interface Entry {
  facts: ModelFacts | null;
  askAgainAt: number;
  /** From then on it is looked whether they still hold. */
  staleAt: number;
  /** Shared by all who wish to learn at once; none of them can stop it for the others. */
  asking: Promise<void> | null;
  /** Which answers count: those asked for before the last doubt don't. */
  round: number;
}

/** How soon to ask a server again that will tell more once it has loaded the model. */
const partlyMs = 3_000;

/** How long a server's answers are believed without a look; a restart between two requests shows in nothing else. */
const usualFreshMs = 60_000;

async function ask(entry: Entry, freshMs: number, look: () => Promise<Discovered>): Promise<void> {
  const { round } = entry;
  const holds = entry.facts !== null && performance.now() < entry.askAgainAt;
  const { facts, reach } = await look();
  if (entry.round !== round) return;
  entry.asking = null;
  entry.staleAt = performance.now() + (reach === "full" ? freshMs : Math.min(partlyMs, freshMs));
  // A model that is being loaded again tells less than is known.
  if (holds && reach !== "full") return;
  entry.askAgainAt = reach === "full" ? Infinity : performance.now() + (reach === "away" ? 0 : partlyMs);
  // An absent server has not become another one.
  if (reach !== "away" || entry.facts === null) entry.facts = facts;
}

/** Resolves with the promise or at the signal. */
async function until(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true, signal: over.signal });
  });
  await Promise.race([promise, stopped]);
  over.abort();
}
