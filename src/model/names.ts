/**
 * The offered tool that a model means by this name, or null: the same but for case and separators, a namespace before it
 * (`functions.terminal`), a call's number or a channel's token behind it (`terminal:0`, `terminal<|channel|>json`).
 */
export function matchName(name: string, offered: Iterable<string>): string | null {
  const names = [...offered];
  if (names.includes(name)) return name;
  for (const form of formsOf(name)) {
    const wanted = plain(form);
    const alike = wanted === "" ? [] : names.filter((candidate) => plain(candidate) === wanted);
    const [only] = alike;
    if (only !== undefined && alike.length === 1) return only;
  }
  return null;
}

/** The offered names most like this one, best first, at most three: for the message to a model that named none. */
export function closeNames(name: string, offered: Iterable<string>): string[] {
  const wanted = plain(bare(name));
  return [...offered]
    .map((candidate) => ({ candidate, distance: unlikeness(wanted, plain(candidate)) }))
    .filter(({ distance }) => distance <= closeEnough)
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** No tool has a longer name; what a model writes may be anything. */
const longestName = 200;
/** Share of the letters that may differ. */
const closeEnough = 0.5;

/** What may be the name, from the whole to its last part. */
function formsOf(name: string): string[] {
  const whole = bare(name);
  const last = whole.split(/[.:/]|__/).at(-1) ?? whole;
  return [whole, last];
}

/** Without leaked tokens, quotes, a call's number and the brackets of a call. */
function bare(name: string): string {
  return name
    .slice(0, longestName)
    .replace(/<[|｜][\s\S]*$/, "")
    .trim()
    .replace(/^["'`]+|["'`]+$/g, "")
    .replace(/\(\s*\)$/, "")
    .replace(/:\d+$/, "");
}

/** A name as far as spellings of it agree. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_.:/-]+/g, "");
}

function unlikeness(one: string, other: string): number {
  if (one === "" || other === "") return 1;
  if (one.includes(other) || other.includes(one)) return 0.25;
  return edits(one, other) / Math.max(one.length, other.length);
}

/** Letters to insert, remove or exchange. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let line = 1; line <= one.length; line++) {
    const next = [line];
    for (let at = 1; at <= other.length; at++) {
      const exchanged = (row[at - 1] ?? 0) + (one[line - 1] === other[at - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
