import { asFailure } from "../../core/failures.ts";
import type { Context } from "../context.ts";
import type { Fix } from "./check.ts";
import type { FindingId } from "./ids.ts";
import { type Looked, plain } from "./run.ts";

/** What became of a mend. */
export interface Mended {
  readonly id: FindingId;
  readonly done: boolean;
  readonly text: string;
}

/** Does what can be done about the findings, one after the other; what can't be taken back only with consent. */
export async function mend(
  looked: readonly Looked[],
  { ask }: Context,
  yes: boolean,
  tell: (mended: Mended) => void,
): Promise<readonly Mended[]> {
  const told: Mended[] = [];
  const seen = new Set<string>();
  for (const { id, fix } of looked.flatMap(({ results }) => results)) {
    // Several findings may have one mend: the second would find nothing left.
    if (fix === undefined || seen.has(`${id} ${fix.does}`)) continue;
    seen.add(`${id} ${fix.does}`);
    const mended = { id, ...(await tried(fix, ask, yes)) };
    told.push(mended);
    tell(mended);
  }
  return told;
}

async function tried(fix: Fix, ask: Context["ask"], yes: boolean): Promise<Omit<Mended, "id">> {
  if (fix.asks === true && !yes && !(await agreed(fix, ask)))
    return { done: false, text: `Left alone; \`hermes doctor --fix --yes\` would ${plain(fix.does)}.` };
  try {
    return { done: true, text: plain(await fix.run()) };
  } catch (thrown) {
    const { message, advice } = asFailure(thrown);
    return { done: false, text: plain(`Could not ${fix.does}: ${message} ${advice ?? ""}`.trim()) };
  }
}

async function agreed({ does }: Fix, ask: Context["ask"]): Promise<boolean> {
  return ask !== null && /^y(?:es)?$/i.test(await ask(`May I ${plain(does)}? [y/N] `));
}
