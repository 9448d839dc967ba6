import type { Failure } from "../core/failures.ts";
import type { ModelMessage } from "../core/model.ts";
import type { JournalEntry } from "../store/journal.ts";
import type { LoopState, TurnSetting } from "./turn-setting.ts";

/** The conversation as the model gets it: the journal, shortened first where it would not fit the model's window. */
export async function fitted(
  _setting: TurnSetting,
  _state: LoopState,
  journal: readonly JournalEntry[],
): Promise<readonly ModelMessage[]> {
  return journal.map((entry) => entry.message);
}

/** The server says that the prompt is too long: shortens the conversation once and says whether it is worth asking again. */
export async function recovered(
  _setting: TurnSetting,
  _state: LoopState,
  _journal: readonly JournalEntry[],
  _failure: Failure,
): Promise<boolean> {
  return false;
}
