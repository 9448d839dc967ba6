import { isIP } from "node:net";
import { Failure } from "../../core/failures.ts";
import type { Allowance } from "./allowance.ts";

/** Longer ones carry data out rather than name a page. */
const longestUrl = 8_192;

/** Services that speak no HTTP and must not be spoken to by way of it: the Fetch standard's "bad ports" from 1024 on. */
const servicePorts = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);

/** These name the machine's own metadata inside clouds, whatever they resolve to. */
const metadataNames = /^(?:metadata|metadata\.google\.internal|metadata\.goog|instance-data|instance-data\..*\.internal)$/;

/**
 * The address that will be dialled, as a URL whose host is in its one plain spelling: the parser turns decimal, octal, hexadecimal and
 * short IPv4 forms, other scripts' digits, percent signs and backslashes into what they mean. Throws `web.refused`.
 */
export function targetOf(text: string, base: URL | null, allowance: Allowance): URL {
  const url = text.length > longestUrl ? null : URL.parse(text, base?.href);
  const shown = `"${text.length > 200 ? `${text.slice(0, 200)}…` : text}"`;
  if (url === null) throw refused(`${shown} is not a web address; it must look like https://host/path.`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw refused(`${shown} was not read: only http and https addresses are.`);
  if (url.username !== "" || url.password !== "")
    throw refused(`${url.hostname} was not asked: an address with a name or password in it is never used. Leave them out.`);
  const host = url.hostname.replace(/\.+$/, "");
  if (host === "") throw refused(`${shown} names no host.`);
  url.hostname = host;
  checkPort(url);
  checkHost(hostOf(url), allowance);
  url.hash = "";
  return url;
}

/** The host of a URL as addresses and lists write it: no brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
}

/** Says no in a way that tells nothing of the network behind. */
export function closed(host: string): Failure {
  return refused(
    `${host} was not asked: it leads into a private network or to this machine, which web tools don't enter. An administrator can open it with security.allow_private_urls.`,
  );
}

/** A refusal whose message the model reads. */
export function refused(message: string): Failure {
  return new Failure("web.refused", message);
}

function checkPort(url: URL): void {
  if (url.port === "") return;
  const port = Number(url.port);
  const fit = port === 80 || port === 443 || (port >= 1_024 && !servicePorts.has(port));
  if (!fit) throw refused(`${url.host} was not asked: port ${port} belongs to another service than the web.`);
}

function checkHost(host: string, allowance: Allowance): void {
  if (metadataNames.test(host)) throw closed(host);
  // A host that is an address is dialled without a look-up, so nothing later would check it.
  if (isIP(host) !== 0 && !allowance.permits(host, host)) throw closed(host);
}
