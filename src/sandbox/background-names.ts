/** Names count the seconds since then. */
const epoch = Date.UTC(2026);

/** The name of a process that begins now. Names sort by age and are not given twice, also not after a restart; `later`: of those begun in one second. */
export function processName(later: number): string {
  return `p${(Math.floor((Date.now() - epoch) / 1000) + later).toString(36)}`;
}
