import { Failure } from "../../core/failures.ts";
import type { Model } from "../../core/model.ts";
import type { Connection } from "../connection.ts";
import { at, objectsOf, textOf } from "../discovery/reading.ts";
import { modeOfAddress } from "../modes/hosts.ts";
import type { ProviderSetting } from "../settings.ts";
import { judge } from "../verdict.ts";

/** Where to ask for the list, with the key of the configuration. */
export interface Listing {
  readonly connection: Connection;
  readonly address: string;
  readonly provider: Pick<ProviderSetting, "baseUrls" | "keyPlace">;
}

/** A server that is loading a model may take a while to list it. */
const answerMs = 10_000;

/**
 * Sees to it that there is something to measure, before a minute is spent on it. Throws the failure when nothing listens, the key is
 * refused, or a llama-server has no model of this name: it answers to any name, so the figures would stand under a wrong one.
 */
export async function requireListed(
  { connection, address, provider }: Listing,
  model: Model,
  signal: AbortSignal,
): Promise<void> {
  // Anthropic's own API takes its key in another way, and of several servers another one may answer.
  if (modeOfAddress(address) === "anthropic_messages" || provider.baseUrls.length > 1) return;
  const names = await listed({ connection, address, provider }, AbortSignal.any([signal, AbortSignal.timeout(answerMs)]));
  if (names === null || names.length === 0 || names.includes(model.name)) return;
  if ((await model.facts(signal)).kind !== "llama-server") return;
  throw new Failure("model.refused", `${model.server} has no model ${model.name}; it lists ${names.slice(0, 5).join(", ")}`, {
    advice: "`hermes model` chooses one.",
  });
}

/** The names that a server lists, aliases included; null when it gives no list. */
async function listed({ connection, address, provider }: Listing, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    const entries = objectsOf(at(await connection.get(address, "/models", signal), "data"));
    const names = entries.flatMap((entry) => {
      const aliases = at(entry, "aliases");
      return [at(entry, "id"), ...(Array.isArray(aliases) ? aliases : [])].flatMap((name: unknown) => textOf(name) ?? []);
    });
    return [...new Set(names)];
  } catch (thrown) {
    if (signal.aborted) return null;
    const { kind, failure } = judge(thrown, { address, model: null, bytes: false });
    if (kind === "key_refused") {
      const advice = `Set ${provider.keyPlace} to a key that this server accepts.`;
      throw new Failure("model.refused", failure.message, { advice, cause: thrown });
    }
    if (failure.code === "model.unreachable") throw failure;
    return null;
  }
}
