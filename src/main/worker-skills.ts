import { join } from "node:path";
import { wakeDeliveries } from "../../workers/asking.ts";
import type { SkillWork } from "../agent/skill-asker.ts";
import { openSkillReview, type SkillReview } from "../agent/skill-review.ts";
import { importHome } from "../skills/home.ts";
import type { Base } from "./base.ts";
import { skillReviewSettings, skillWork } from "./skills.ts";
import { inspected } from "../sandbox/judging.ts";

/** What turns need of skills; those of the home are taken meanwhile. `backend`: where commands run. */
export function startSkills(
  { config, env, database, follow, log, metrics, models, queues, stack }: Base,
  backend: () => Promise<string>,
): { readonly skills: SkillWork; readonly skillReview: SkillReview } {
  const { db } = database;
  // Beside the start: a home with hundreds of them must not hold it up.
  if (config.skills.importHome) {
    const importing = importHome(db, join(config.home, "skills"), inspected, log).catch((error: unknown) =>
      log.warn({ error }, "the home's skills could not be looked at"),
    );
    stack.defer(async () => void (await importing));
  }
  const skills = skillWork({
    db,
    env,
    config: () => follow.refresh(),
    backend,
    wake: (chats) => wakeDeliveries({ queues, log }, chats),
  });
  const settings = async () => skillReviewSettings(await follow.refresh());
  return { skills, skillReview: openSkillReview({ db, models, metrics, log, work: skills, settings }) };
}
