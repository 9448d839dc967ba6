/** How retries are spaced and waits are told; tests make it quick. */
export interface Pace {
  /** First pause of a growing series. */
  readonly backoffMs: number;
  /** How often a loading server is asked again, and for how long. */
  readonly loadingPollMs: number;
  readonly loadingMs: number;
  /** While the demonstration answers, a real server is looked for this often at most. */
  readonly lookAgainMs: number;
  /** Between two pieces of the demonstration's answers. */
  readonly demoPieceMs: number;
  /** After how long a person who waits for a place is told, and how often at most after that. */
  readonly placeMs: number;
  readonly placeEveryMs: number;
  /** How long a server has been idle when it is asked whether naming slots helps. */
  readonly idleMs: number;
}

/**
 * Four retries in about six seconds; ten minutes for a large model to load from a slow disk; a script that writes about as fast as
 * people read.
 */
export const defaultPace: Pace = {
  backoffMs: 400,
  loadingPollMs: 1_500,
  loadingMs: 600_000,
  lookAgainMs: 3_000,
  demoPieceMs: 15,
  placeMs: 5_000,
  placeEveryMs: 1_000,
  idleMs: 10_000,
};
