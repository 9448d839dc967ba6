/** How alike two lines are, from 0 to 1: the share of letter pairs that both have (Dice's coefficient). */
export function likeness(one: string, other: string): number {
  if (one === other) return 1;
  const [first, second] = [one.slice(0, mostChars), other.slice(0, mostChars)];
  if (first.length < 2 || second.length < 2) return 0;
  const counts = new Map<string, number>();
  for (let at = 0; at < first.length - 1; at += 1) {
    const pair = first.slice(at, at + 2);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  let shared = 0;
  for (let at = 0; at < second.length - 1; at += 1) {
    const pair = second.slice(at, at + 2);
    const left = counts.get(pair) ?? 0;
    if (left === 0) continue;
    counts.set(pair, left - 1);
    shared += 1;
  }
  return (2 * shared) / (first.length + second.length - 2);
}

/** Beyond this, lines are compared by their beginnings. */
const mostChars = 2_000;
