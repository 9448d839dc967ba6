import type { Config } from "../config/keys.ts";
import { isAtLeast, type Person } from "../core/chats.ts";
import type { DelegationRules } from "../core/delegation.ts";
import type { ModelChoice, Models } from "../core/model.ts";

/** What the configuration says of subagents. */
export function delegationRules({ delegation, toolLoopGuardrails }: Config): DelegationRules {
  const { model, provider, maxIterations, maxConcurrentChildren, maxSpawnDepth, childTimeout } = delegation;
  return {
    maxSteps: maxIterations,
    atOnce: maxConcurrentChildren,
    mostInTurn: toolLoopGuardrails.loopCaps.subagents,
    maxDepth: maxSpawnDepth,
    timeoutMs: childTimeout === 0 ? null : childTimeout * 1_000,
    model: model === null && provider === null ? null : { provider, model },
  };
}

/** Servers answer with their list at once, or are told of as away. */
const listMs = 5_000;
const mostNamed = 20;

/** A model for a subagent, for those who may pick one in a chat. Throws for the model. */
export async function modelNamed(models: Models, person: Person, name: string): Promise<ModelChoice> {
  if (!isAtLeast(person.role, "admin"))
    throw new Error("Only an owner or an admin picks models. Leave `model` out: subagents then have the usual one.");
  const listings = await models.listings(AbortSignal.timeout(listMs));
  const found = listings.find(({ models: names }) => names.includes(name));
  if (found !== undefined) return { provider: found.provider, model: name };
  const known = listings.flatMap(({ models: names }) => names).slice(0, mostNamed);
  throw new Error(
    `There is no model ${name.slice(0, 80)}. Leave it out, or use one of: ${known.join(", ") || "none is known now"}.`,
  );
}
