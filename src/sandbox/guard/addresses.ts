import ipaddr from "ipaddr.js";

/**
 * Where an address leads. `private`: the team's own network, which the configuration may open; `loopback`: this machine, which it may
 * open by naming it; `never`: nothing that a page could be on, or a cloud's metadata.
 */
export type AddressClass = "public" | "private" | "loopback" | "never";

/** Hand out a machine's credentials: AWS, Google, Alibaba, Oracle, Azure. Those on 169.254.0.0/16 are link-local. */
const metadata = new Set(
  ["fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"].map((address) =>
    ipaddr.parse(address).toNormalizedString(),
  ),
);

/** All that is given out on the Internet (RFC 4291, section 2.4); what is not in it is something else, known or not. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/** Every other range that has a name is `never`, also those that a later version of the library tells apart. */
const teamRanges: ReadonlyMap<string, AddressClass> = new Map([
  ["private", "private"],
  ["carrierGradeNat", "private"],
  ["uniqueLocal", "private"],
  ["loopback", "loopback"],
]);

/**
 * An address written as the system's resolver or a URL writes it. Forms that carry an IPv4 address inside an IPv6 one are `never`,
 * whatever they carry: who follows them, and where to, is up to the network.
 */
export function classOf(text: string): AddressClass {
  if (text.includes("%") || !(ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text))) return "never";
  const address = ipaddr.parse(text);
  if (metadata.has(address.toNormalizedString())) return "never";
  const range: string = address.range();
  if (range !== "unicast") return teamRanges.get(range) ?? "never";
  return address instanceof ipaddr.IPv6 && !address.match(globalUnicast) ? "never" : "public";
}
