import type { SkillEntry } from "../core/skill.ts";
import { roughTokens } from "../core/tokens.ts";

/** Tokens that the list takes in a prompt at most; memory and skills together may add 1,200. */
const mostTokens = 250;
/** The original's measure of a description in a list. */
const descriptionChars = 60;
const shortChars = 24;

const heading = "Skills (before a task that one fits, read it with skill_view and follow it):";

/** The list of skills in a session's prompt; null where there are none. A line each as long as there is room, then names, then a count. */
export function skillsBlock(skills: readonly Pick<SkillEntry, "name" | "description">[]): string | null {
  if (skills.length === 0) return null;
  for (const chars of [descriptionChars, shortChars]) {
    const lines = skills.map(({ name, description }) => `- ${name}: ${cut(description, chars)}`);
    const block = [heading, ...lines].join("\n");
    if (roughTokens(block) <= mostTokens) return block;
  }
  const names: string[] = [];
  const more = (): string => `… and ${skills.length - names.length} more: skill_view without a name lists all`;
  for (const { name } of skills) {
    if (roughTokens([heading, [...names, name].join(", "), more()].join("\n")) > mostTokens) break;
    names.push(name);
  }
  return [heading, names.join(", "), ...(names.length < skills.length ? [more()] : [])].join("\n");
}

function cut(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const part = text.slice(0, chars - 1).toWellFormed();
  const space = part.lastIndexOf(" ");
  return `${space > chars / 2 ? part.slice(0, space) : part}…`;
}
