/** Figures as the line below a conversation shows them. */

const barCells = 10;

/** 812, 35.9K, 1.05M. */
export function thousands(count: number): string {
  if (count < 1_000) return String(count);
  return count < 999_950 ? `${tidy(count / 1_000)}K` : `${tidy(count / 1_000_000)}M`;
}

function tidy(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0).replace(/\.0$/, "");
}

/** How full something is: `[██████░░░░] 55%`. */
export function bar(share: number): string {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  // Of what is written beside it: 55 % are six of ten.
  const filled = Math.round((percent * barCells) / 100);
  return `[${"█".repeat(filled)}${"░".repeat(barCells - filled)}] ${percent}%`;
}

/** 54s, 6m 54s, 2h 5m, 3d 4h: two units at most. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return units([Math.floor(seconds / 60), "m"], [seconds % 60, "s"]);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return units([Math.floor(minutes / 60), "h"], [minutes % 60, "m"]);
  return units([Math.floor(minutes / 1_440), "d"], [Math.floor((minutes % 1_440) / 60), "h"]);
}

function units([first, one]: readonly [number, string], [second, other]: readonly [number, string]): string {
  return second === 0 ? `${first}${one}` : `${first}${one} ${second}${other}`;
}
