import type { StandingGrant } from "../core/command.ts";
import type { Language } from "../core/language.ts";
import { plainWords } from "../core/markdown.ts";

/** A line for each thing that was allowed for longer than once. `reader` (a person's id; null: nobody in particular) is not told whose their own are. */
export function grantLines(
  grants: readonly StandingGrant[],
  reader: string | null,
  { replies, asking }: Language,
): readonly string[] {
  return grants.map(({ person, personId, by, ...grant }) => {
    const [, does] = Object.entries(asking.does).find(([each]) => each === grant.class) ?? [];
    return replies.approvals.grant({
      ...grant,
      does: does ?? replies.approvals.unknownKind,
      person: personId === reader ? null : plainWords(person),
      by: plainWords(by),
    });
  });
}
