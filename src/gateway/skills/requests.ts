import { parseCommand } from "../../commands/command.ts";
import type { Person } from "../../core/chats.ts";
import type { Command } from "../../core/command.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { SkillViewer } from "../../core/skill.ts";
import type { Db } from "../../store/hold.ts";
import { findSkill } from "../../store/skills.ts";

/** Skills that one request may name, as in the original. */
const mostSkills = 5;

/**
 * A message that names skills, `/k8s /git what is to be done`, as the request it is; null for any other. A command of that name goes first.
 */
export async function skillRequest(
  db: Db,
  commands: readonly Pick<Command, "name" | "aliases">[],
  person: Person,
  inbound: InboundMessage,
): Promise<InboundMessage | null> {
  if (!inbound.text.trimStart().startsWith("/")) return null;
  const taken = new Set(commands.flatMap(({ name, aliases }) => [name, ...aliases]));
  const viewer: SkillViewer = { person: inbound.kind === "private" ? person.id : null };
  const skills: string[] = [];
  let text = inbound.text.trim().replace(/^\/skill(?:@\w+)?\s+\/?/i, "/");
  while (skills.length < mostSkills) {
    const parsed = parseCommand(text);
    if (parsed === null || taken.has(parsed.name)) break;
    const name = await skillNamed(db, viewer, parsed.name);
    if (name === null) break;
    if (!skills.includes(name)) skills.push(name);
    text = parsed.args;
  }
  if (skills.length === 0) return null;
  return { ...inbound, text: text === "" ? "Do it." : text, skills };
}

/** Telegram has no `-` in a command's name. */
async function skillNamed(db: Db, viewer: SkillViewer, name: string): Promise<string | null> {
  for (const each of new Set([name, name.replaceAll("_", "-")])) if ((await findSkill(db, viewer, each)) !== null) return each;
  return null;
}
