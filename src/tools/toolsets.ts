import type { ChatKind, ChatRef, Person } from "../core/chats.ts";
import type { ErrandTerms } from "../core/errand.ts";
import type { Tool, Toolset } from "../core/tool.ts";
import { covers } from "../core/toolsets.ts";

/** Who asks, and where: what decides over tools. */
export interface Asker {
  readonly person: Person;
  readonly chat: ChatRef;
  readonly kind: ChatKind;
  /** Of an errand: what it must do without. */
  readonly terms?: Pick<ErrandTerms, "only" | "without">;
}

/** Sets of tools by the name of a platform, a kind of chat or a role. */
type Entries = readonly { readonly name: string; readonly toolsets: readonly string[] }[];

/** Which sets are on. Each rule narrows: a set is on where all of them have it. */
export interface ToolsetRules {
  readonly toolsets: readonly string[];
  readonly disabled: readonly string[];
  readonly platforms: Entries;
  readonly kinds: Entries;
  readonly roles: Entries;
  /** What the asker's conversation was begun with; null: no such choice was made. */
  readonly chosen: readonly string[] | null;
}

/** Why a set is off in this chat, for the model; null when it is on. */
export function whyOffHere(rules: ToolsetRules, set: Toolset, { chat, kind, terms }: Omit<Asker, "person">): string | null {
  if (!covers(rules.toolsets, set)) return "it is switched off (toolsets)";
  if (covers(rules.disabled, set)) return "it is switched off (agent.disabled_toolsets)";
  if (rules.chosen !== null && !covers(rules.chosen, set)) return "this conversation was begun without it (--toolsets)";
  if (lacks(rules.platforms, chat.platform, set)) return `it is switched off on ${chat.platform} (platform_toolsets)`;
  if (lacks(rules.kinds, kind, set)) return `it is switched off in ${kind} chats (chat_toolsets)`;
  if (terms !== undefined && (covers(terms.without, set) || (terms.only !== null && !covers(terms.only, set))))
    return "this task has to do without it";
  return null;
}

/** Why a set is off for this person here, for the model; null when it is on. */
export function whyOff(rules: ToolsetRules, set: Toolset, asker: Asker): string | null {
  const { name, role } = asker.person;
  if (lacks(rules.roles, role, set)) return `${name} is ${role} here, and a ${role} may not use it (role_toolsets)`;
  return whyOffHere(rules, set, asker);
}

/** The tool as it is for somebody who may not use it: the (shared) session's prompt may list it all the same. */
export function refusing(tool: Tool, why: string): Tool {
  const { deeds: _, ...rest } = tool;
  return {
    ...rest,
    kind: "read",
    run: async () => {
      throw new Error(
        `${tool.name} was not run: ${why}. Do it without, or say that it can't be done here; an owner or admin decides over tools.`,
      );
    },
  };
}

function lacks(entries: Entries, name: string, set: Toolset): boolean {
  const entry = entries.find((each) => each.name === name);
  return entry !== undefined && !covers(entry.toolsets, set);
}
