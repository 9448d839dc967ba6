import { codeSpan } from "../../core/markdown.ts";
import type { SkillReply } from "../../core/skill.ts";
import type { DecidingParts } from "../../skills/proposing.ts";
import type { Reading } from "../../skills/sources/index.ts";
import { refused, type SkillDesk, type Visitor } from "./call.ts";
import { approve, diff, pending, reject, share } from "./decisions.ts";
import { install, remove, update } from "./installing.ts";
import { list, search, view } from "./shelf.ts";

/** How long sources may take in all. */
const readMs = 50_000;

const actions = { list, search, install, update, remove, view, pending, approve, reject, share, diff } as const;
type Action = keyof typeof actions;
const names: readonly Action[] = [
  "list",
  "search",
  "install",
  "update",
  "remove",
  "view",
  "pending",
  "approve",
  "reject",
  "share",
  "diff",
];
const others: ReadonlyMap<string, Action> = new Map([
  ["add", "install"],
  ["uninstall", "remove"],
  ["delete", "remove"],
  ["show", "view"],
  ["upgrade", "update"],
  ["ls", "list"],
]);

/** Runs what follows `/skills` or `hermes skills`. */
export async function runSkills(desk: SkillDesk, visitor: Visitor, args: string): Promise<SkillReply> {
  const given = args.trim().split(/\s+/).filter(Boolean);
  const flags = new Set(given.filter((word) => /^--\w+$/.test(word)).map((word) => word.slice(2)));
  const [typed = "list", ...words] = given.filter((word) => !/^--\w+$/.test(word));
  const action = actionOf(typed.toLowerCase());
  if (action === null) return refused(`I don't know ${codeSpan(`/skills ${typed.slice(0, 40)}`)}. ${usage}`);
  const { approvers, places, reach } = await desk.rules();
  const deciding: DecidingParts = { db: desk.db, approvers, inspect: reach.inspect };
  const reading: Reading = {
    places,
    fetch: reach.fetch,
    repository: reach.repository,
    signal: AbortSignal.timeout(readMs),
    local: visitor.person === null,
  };
  try {
    return await actions[action]({ desk, visitor, deciding, reading, words, flags });
  } catch (thrown) {
    return refused(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The sub-commands, for whoever typed none of them. */
const usage = "Use list, search, install, update, remove, view, pending, approve, reject or diff.";

function actionOf(word: string): Action | null {
  const meant = others.get(word) ?? word;
  return names.find((name) => name === meant) ?? null;
}
