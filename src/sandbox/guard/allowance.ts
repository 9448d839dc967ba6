import ipaddr from "ipaddr.js";
import { classOf } from "./addresses.ts";

/** Which addresses may be gone to beside the public ones. */
export interface Allowance {
  /** `host`: as the URL names it, in small letters and without a dot at its end. */
  permits(host: string, address: string): boolean;
}

/**
 * From the configuration: hosts (`wiki.corp.lan`), all hosts of a domain (`*.corp.lan`), addresses and networks (`10.1.0.0/16`); `*` is
 * every private network. This machine itself only by its name or address. What is `never` a page stays closed to all of them.
 */
export function allowing(entries: readonly string[]): Allowance {
  const networks = entries.map(networkOf).filter((network) => network !== null);
  const hosts = entries.map((entry) => entry.toLowerCase());
  const named = (host: string): boolean =>
    hosts.some((entry) => entry === host || (entry.startsWith("*.") && host.endsWith(entry.slice(1))));
  return {
    permits(host, address) {
      const kind = classOf(address);
      if (kind === "public") return true;
      if (kind === "never") return false;
      if (kind === "private" && hosts.includes("*")) return true;
      return named(host) || networks.some((network) => within(network, address));
    },
  };
}

type Network = ReturnType<typeof ipaddr.parseCIDR>;

function networkOf(entry: string): Network | null {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  if (!ipaddr.IPv4.isValidFourPartDecimal(entry) && !ipaddr.IPv6.isValid(entry)) return null;
  const address = ipaddr.parse(entry);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function within([network, bits]: Network, text: string): boolean {
  const address = ipaddr.parse(text);
  return address.kind() === network.kind() && address.match(network, bits);
}
