import { classLabels } from "../core/approval.ts";
import type { StandingGrant } from "../core/command.ts";
import { plainWords } from "../core/markdown.ts";

/** A line for each thing that was allowed for longer than once. `reader` (a person's id; null: nobody in particular) is not told whose their own are. */
export function grantLines(grants: readonly StandingGrant[], reader: string | null): readonly string[] {
  return grants.map(({ number, person, personId, class: name, backend, passing, shared, by, on }) => {
    const whose = personId === reader ? "" : `, for ${plainWords(person)}`;
    const chat = shared === null ? "" : ` in a shared chat (${shared})`;
    const term = passing ? "until that conversation ends" : "always";
    const giver = by === "" ? "" : ` by ${plainWords(by)}`;
    return `${number}: ${labelOf(name)} (${name}, ${backend})${whose}${chat}; ${term}, allowed${giver} on ${on}`;
  });
}

function labelOf(name: string): string {
  const [, label] = Object.entries(classLabels).find(([each]) => each === name) ?? [];
  return label ?? "is of a kind that I know no more";
}
