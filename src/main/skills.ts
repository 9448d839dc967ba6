import { fileURLToPath } from "node:url";
import type { SkillRules, SkillWork } from "../agent/skill-asker.ts";
import type { Environment } from "../config/home.ts";
import type { Config } from "../config/keys.ts";
import { variablesOf } from "../config/variables.ts";
import type { SkillReach } from "../core/skill.ts";
import type { SkillDesk } from "../gateway/skills/call.ts";
import { allowing } from "../sandbox/guard/allowance.ts";
import { openRepository } from "../sandbox/git/repository.ts";
import { guardedFetch } from "../sandbox/guard/fetch.ts";
import { inspected } from "../sandbox/judging.ts";
import type { SkillPlaces } from "../skills/sources/index.ts";
import { shippedSkills } from "../skills/sources/shipped.ts";

/** The skills that ship with this version. */
const shippedDirectory = fileURLToPath(new URL("../../skills", import.meta.url));

/** What the configuration says of skills to turns. */
async function skillRules(config: Config, env: Environment): Promise<SkillRules> {
  const { approvers, envAllow } = config.skills;
  return { approvers, variables: await variablesOf(config.home, env, envAllow) };
}

/** After how many steps a request is considered as a skill, and how long the model may take over it. */
export function skillReviewSettings({ skills, auxiliary }: Config) {
  return { steps: skills.creationNudgeInterval, timeoutMs: auxiliary.backgroundReview.timeout * 1_000 };
}

/** Where it says that skills come from. */
function skillPlaces({ skills: { hubUrl, githubUrl, githubToken } }: Config): SkillPlaces {
  return { shipped: shippedDirectory, hubUrl, githubUrl, githubToken };
}

/** Reading from the web through the address guard, and the policy's parser. */
export function skillReach(allowed: readonly string[], path = process.env["PATH"] ?? ""): SkillReach {
  const allowance = allowing(allowed);
  return {
    fetch: async (url, { limit, signal, headers = {} }) =>
      await guardedFetch(url, { allowance, signal, limit: () => limit, headers, totalMs: fetchMs }),
    repository: async (url, ref, signal) => await openRepository(url, ref, { allowance, signal, path }),
    inspect: inspected,
  };
}

/** A repository's archive over a slow line. */
const fetchMs = 60_000;

/** What turns need of skills. */
export function skillWork(
  parts: Pick<SkillWork, "db" | "wake"> & { config(): Promise<Config>; readonly env: Environment; backend(): Promise<string> },
): SkillWork {
  return {
    db: parts.db,
    wake: parts.wake,
    inspect: inspected,
    settings: async () => await skillRules(await parts.config(), parts.env),
    async platform() {
      const backend = await parts.backend().catch(() => "");
      return backend === "local" ? (systems[process.platform] ?? "linux") : "linux";
    },
    shipped: async () => (await shippedSkills(shippedDirectory)).map(({ name }) => name),
  };
}

const systems: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" };

/** What looking after the skills needs. */
export function skillDesk(parts: Pick<SkillDesk, "db" | "wake"> & { config(): Promise<Config> }): SkillDesk {
  return {
    db: parts.db,
    wake: parts.wake,
    async rules() {
      const config = await parts.config();
      return {
        approvers: config.skills.approvers,
        places: skillPlaces(config),
        reach: skillReach(config.security.allowPrivateUrls),
      };
    },
  };
}
