import type { Db } from "../store/hold.ts";
import { getSetting, putSetting } from "../store/settings.ts";
import type { StandingFacts } from "./parts.ts";

const factsKey = "worker.facts";

/** What the workers last said of themselves: a gateway on its own has no model and no sandbox to ask. */
export async function storedFacts(db: Db): Promise<StandingFacts> {
  const kept = await getSetting(db, factsKey);
  return kept === null
    ? { model: "none yet", server: "no worker has started", demonstration: false, sandbox: "none yet" }
    : parse(kept);
}

/** Keeps what a worker says of itself. */
export async function storeFacts(db: Db, facts: StandingFacts): Promise<void> {
  await putSetting(db, factsKey, JSON.stringify(facts));
}

/** Only `storeFacts` writes this key: the cast states that. */
function parse(text: string): StandingFacts {
  return JSON.parse(text) as StandingFacts;
}
