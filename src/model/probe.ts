import { APIError } from "openai";
import { isObject } from "./arguments.ts";
import type { Connection } from "./connection.ts";
import { fetchListing } from "./server.ts";

/** Looks at all addresses at once and names the best that answers as a model server, or null. Earlier ones win. */
export async function probe(connection: Connection, addresses: readonly string[], wanted: string | null): Promise<string | null> {
  const ranks = await Promise.all(addresses.map((address) => rank(connection, address, wanted)));
  const best = Math.max(0, ...ranks);
  return best === 0 ? null : (addresses[ranks.indexOf(best)] ?? null);
}

/** A server on the same machine answers at once; a busy one within this. */
const probeMs = 2_000;

/** 4 has the wanted model, 3 has some model, 2 is loading one, 1 wants another key, 0 is no model server. */
async function rank(connection: Connection, address: string, wanted: string | null): Promise<number> {
  try {
    const { models } = await fetchListing(connection, address, AbortSignal.timeout(probeMs));
    if (models.length === 0) return 0;
    return wanted !== null && models.includes(wanted) ? 4 : 3;
  } catch (thrown) {
    if (!(thrown instanceof APIError) || !isObject(thrown.error)) return 0;
    if (thrown.status === 503) return 2;
    return thrown.status === 401 ? 1 : 0;
  }
}
