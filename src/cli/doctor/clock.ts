import { tidyAddress } from "../../model/address.ts";
import type { Config } from "../../config/keys.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

const answerMs = 5_000;
/** Their Date header has whole seconds, and takes its way. */
const noticedMs = 30_000;
/** Slack refuses what is signed five minutes ago, and certificates and schedules suffer too. */
const brokenMs = 300_000;

/** This machine's clock against the `Date` of the servers that are asked anyway. */
export async function checkClock({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const asked = await Promise.all(addresses(config).map(skewOf));
  const known = asked.filter((each) => each !== null);
  const [nearest] = known.toSorted((a, b) => Math.abs(a.ms) - Math.abs(b.ms));
  if (nearest === undefined) return [ok("clock.skew", "No server to compare this machine's clock with.")];
  if (Math.abs(nearest.ms) > noticedMs) {
    const text = `This machine's clock is ${awayWords(-nearest.ms)} that of ${nearest.host}.`;
    return [(Math.abs(nearest.ms) > brokenMs ? fail : warn)("clock.skew", text, "Set it: `timedatectl set-ntp true`.")];
  }
  const off = known.filter(({ ms }) => Math.abs(ms) > noticedMs);
  if (off.length === 0) return [ok("clock.skew", `As ${known.map(({ host }) => host).join(", ")}.`)];
  return off.map(({ host, ms }) =>
    warn(
      "clock.skew",
      `The clock of ${host} is ${awayWords(ms)} this machine's, which agrees with ${nearest.host}.`,
      "Set it there.",
    ),
  );
}

/** "12 s ahead of", "3 min behind". */
export function awayWords(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  return `${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} ${ms > 0 ? "ahead of" : "behind"}`;
}

function addresses({ model, telegram, discord, slack }: Config): readonly string[] {
  const all = [
    ...(model.baseUrl === null ? [] : [tidyAddress(model.baseUrl)]),
    ...(telegram.botToken === null ? [] : [telegram.apiRoot]),
    ...(discord.botToken === null ? [] : [discord.apiUrl]),
    ...(slack.botToken === null ? [] : [slack.apiUrl]),
  ];
  return [...new Set(all.map((address) => new URL(address).origin))];
}

/** How far its clock is ahead of ours; null where it does not tell. */
async function skewOf(origin: string): Promise<{ readonly host: string; readonly ms: number } | null> {
  const { host } = new URL(origin);
  const before = Date.now();
  const response = await fetch(origin, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(answerMs) }).catch(
    () => null,
  );
  const theirs = Date.parse(response?.headers.get("date") ?? "");
  // Of what is cached nobody knows when it was answered.
  if (Number.isNaN(theirs) || Number(response?.headers.get("age") ?? 0) > 0) return null;
  const between = (before + Date.now()) / 2;
  // Whole seconds are cut, not rounded.
  return { host, ms: theirs + 500 - between };
}
