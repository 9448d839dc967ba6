import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { Agent } from "undici";
import { Failure } from "../../core/failures.ts";
import type { Allowance } from "./allowance.ts";
import { closed, hostOf, targetOf } from "./target.ts";

/** All addresses of a name. */
export type Resolver = (host: string) => Promise<readonly string[]>;

/** As every other program on this machine resolves names, /etc/hosts included. */
export const systemResolver: Resolver = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * Connections for one fetch. A name is resolved once for a connection, and the very addresses that were checked are the ones dialled:
 * a name that answers otherwise the second time gains nothing.
 */
export function guardedAgent(allowance: Allowance, resolve: Resolver, connectMs: number): Agent {
  return new Agent({ connect: { lookup: checkedLookup(allowance, resolve), timeout: connectMs }, allowH2: false });
}

/** An address as the guard lets it be read, and where it leads, for a program that dials by itself: it must be held to these. Throws `web.refused`. */
export async function checkedTarget(
  address: string,
  allowance: Allowance,
  resolve: Resolver = systemResolver,
): Promise<{ readonly url: URL; readonly addresses: readonly string[] }> {
  const url = targetOf(address, null, allowance);
  const host = hostOf(url);
  return { url, addresses: isIP(host) === 0 ? await checkedAddresses(host, allowance, resolve) : [host] };
}

function checkedLookup(allowance: Allowance, resolve: Resolver): LookupFunction {
  return (host, options, done) => {
    checkedAddresses(host.toLowerCase(), allowance, resolve).then(
      ([first, ...others]) => {
        if (options.all === true) done(null, [first, ...others].map(withFamily));
        else done(null, first, isIP(first));
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), []),
    );
  };
}

/** One closed address among open ones closes the name: the mixture itself is the trick. */
async function checkedAddresses(host: string, allowance: Allowance, resolve: Resolver): Promise<readonly [string, ...string[]]> {
  const [first, ...others] = await resolve(host);
  if (first === undefined) throw new Failure("web.failed", `There is no host ${host}.`);
  if (![first, ...others].every((address) => allowance.permits(host, address))) throw closed(host);
  return [first, ...others];
}

function withFamily(address: string): { address: string; family: number } {
  return { address, family: isIP(address) };
}
