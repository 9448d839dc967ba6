import type { TerminalLink } from "../../../src/core/terminal.ts";

/** Longer than that nobody leaves without a word why. */
const soonMs = 1_000;

/** Ends what was opened for this talk. A turn that still runs goes on when somebody comes back. */
export async function hangUp(link: TerminalLink, runs: () => boolean): Promise<void> {
  const slow = setTimeout(() => {
    if (runs())
      process.stderr.write("What runs is brought to an end; Ctrl-C leaves at once, and it goes on when you come back.\n");
  }, soonMs);
  await link.leave().finally(() => clearTimeout(slow));
}
