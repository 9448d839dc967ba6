import { pause } from "../src/core/pause.ts";

/** Something that a platform keeps for us, such as a menu. */
export interface Standing<Wanted> {
  /** What it should be now. */
  wanted(): Promise<Wanted>;
  /** Brings it there; false when that has not come to its end. */
  apply(wanted: Wanted): Promise<boolean>;
  readonly everyMs: number;
}

/** What a platform has refused, or was too busy for, is not asked of it again at once. */
const pauses = 5;

/** Brings it there now, and again whenever it should be another, until the signal fires. Never rejects. */
export async function keepStanding<Wanted>({ wanted, apply, everyMs }: Standing<Wanted>, signal: AbortSignal): Promise<void> {
  let stands: string | null = null;
  while (!signal.aborted) {
    const now = await wanted().catch(() => null);
    const form = JSON.stringify(now);
    const another = now !== null && form !== stands && !signal.aborted;
    if (another) stands = (await apply(now).catch(() => false)) ? form : null;
    await pause(another && stands === null ? pauses * everyMs : everyMs, signal);
  }
}
