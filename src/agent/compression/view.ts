import type { ModelMessage } from "../../core/model.ts";
import type { Compaction } from "../../store/compactions.ts";
import type { Placed } from "./boundaries.ts";
import { standIn } from "./pruning.ts";
import { asHistory } from "./summary.ts";

/** What the model sees of a journal that has been shortened. */
export interface View {
  /** The head, what was kept from the summarised part, and everything since, tool results pruned where they are. */
  readonly head: readonly Placed[];
  readonly kept: readonly Placed[];
  readonly rest: readonly Placed[];
  readonly summary: string | null;
}

/** Applies the last compaction to a journal. */
export function viewOf(journal: readonly Placed[], compaction: Compaction | null): View {
  if (compaction === null) return { head: [], kept: [], rest: journal, summary: null };
  const { head, upto, summary } = compaction;
  const pruned = new Set(compaction.pruned);
  const kept = new Set(compaction.kept);
  const shown = (entry: Placed): Placed => (pruned.has(entry.id) ? { id: entry.id, message: standIn(entry.message) } : entry);
  return {
    head: journal.filter(({ id }) => id <= head).map(shown),
    kept: journal.filter(({ id }) => id > head && id <= upto && kept.has(id)).map(shown),
    rest: journal.filter(({ id }) => id > upto).map(shown),
    summary,
  };
}

/** The view's messages in order: head, summary, and the rest word for word. */
export function messagesOf({ head, kept, rest, summary }: View): readonly ModelMessage[] {
  const said = (entries: readonly Placed[]) => entries.map(({ message }) => message);
  const [next, ...others] = [...said(kept), ...said(rest)];
  if (summary === null || next === undefined) return [...said(head), ...(next === undefined ? [] : [next, ...others])];
  const history = asHistory(summary);
  // Templates that want roles to alternate refuse two messages of people in a row.
  const joined = next.role === "user" ? [{ ...next, content: `${history.content}\n\n${next.content}` }] : [history, next];
  return [...said(head), ...joined, ...others];
}
