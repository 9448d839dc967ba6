/** Names count the milliseconds since then. */
const epoch = Date.UTC(2026);

/** The name of a process that begins now. Names sort by age and are not given twice, also not after a restart; `later`: of those begun in one millisecond. */
export function processName(later: number): string {
  return `p${(Date.now() - epoch + later).toString(36)}`;
}
