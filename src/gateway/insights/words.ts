/** Figures as people read them. */

export function percent(part: number): string {
  // 94.96 % is under 95 %, and must not be shown as 95.
  const tenths = Math.floor(part * 1_000 + 1e-9) / 10;
  return `${tenths % 1 === 0 ? tenths : tenths.toFixed(1)} %`;
}

export function short(value: number): string {
  return value < 10 ? value.toFixed(1) : counted(Math.round(value));
}

export function counted(count: number): string {
  return count.toLocaleString("en-US");
}

export function countOf(count: number, one: string, more = `${one}s`): string {
  return `${counted(count)} ${count === 1 ? one : more}`;
}

export function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
