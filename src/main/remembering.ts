import { tellMemories } from "../../workers/memories.ts";
import { openReviews, type Reviews } from "../agent/review.ts";
import type { MemoryRules } from "../core/memory.ts";
import type { Models } from "../core/model.ts";
import type { Db } from "../store/hold.ts";
import { dropOldChanges, type Untold } from "../store/memory-changes.ts";
import type { Base } from "./base.ts";

/** What a worker does about memory beside its turns. */
export interface Remembering {
  readonly reviews: Reviews;
  /** Tells of what was saved by a worker that died before it could, and drops what nobody can take back any more. */
  tend(): Promise<void>;
}

export function openRemembering(base: Base, models: Models, rules: MemoryRules): Remembering {
  const { config, database, follow, queues, metrics, log } = base;
  const { db } = database;
  const tell = (which: Untold) => tellMemories({ db, queues, log, memory: rules, language: config.display.language }, which);
  const reviews = openReviews({
    db,
    models,
    metrics,
    log,
    rules,
    // As they are now: each look is made under the configuration of its moment.
    async settings() {
      const { memory, auxiliary } = await follow.refresh();
      return { every: memory.nudgeInterval, timeoutMs: auxiliary.backgroundReview.timeout * 1_000 };
    },
    saved: () => tell({ turn: null }),
  });
  return { reviews, tend: () => tend(db, () => tell("left")) };
}

async function tend(db: Db, tellLeft: () => Promise<void>): Promise<void> {
  await tellLeft();
  await dropOldChanges(db);
}
