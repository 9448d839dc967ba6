import type { Role } from "../core/chats.ts";
import type { Sandbox } from "../core/sandbox.ts";
import type { SkillEntry, SkillVariable } from "../core/skill.ts";
import { hasLeave } from "../skills/proposing.ts";
import { giveVariables, variablesFor } from "../skills/variables.ts";
import type { SkillAsker, SkillWork } from "./skill-asker.ts";

type Asker = Pick<SkillAsker, "person" | "signal">;

/**
 * Gives a skill its variables, and it alone: those of another are taken back. What the model is to know of those that it does not get, a
 * line each.
 */
export async function giveSkill(work: SkillWork, asker: Asker, entry: SkillEntry, sandbox: Sandbox): Promise<readonly string[]> {
  const { variables, approvers } = await work.settings();
  const wanted = entry.meta.variables;
  const has = hasLeave({ approvers }, entry, asker.person);
  const { values, missing } = variablesFor(has ? wanted : [], variables);
  await giveVariables(sandbox, values, asker.signal);
  return has ? missing.map(missingWords) : wanted.map((each) => withheldWords(each, approvers));
}

/** Gives a session nothing of any skill: that which it read last is gone. */
export async function giveNone({ signal }: Asker, sandbox: Sandbox): Promise<void> {
  await giveVariables(sandbox, new Map(), signal);
}

/** What to do about a variable that is not there. */
function missingWords(variable: SkillVariable): string {
  const { name } = variable;
  return `${named(variable)} is not set. If the task needs it, tell the person: whoever runs Hermes Team puts ${name}=… into the home's .env and ${name} into skills.env_allow.`;
}

function withheldWords(variable: SkillVariable, approvers: Exclude<Role, "guest">): string {
  const who = approvers === "owner" ? "an owner" : "an owner or admin";
  return `${named(variable)} is not given: this skill is the person's own, and only a skill that ${who} has accepted gets variables.`;
}

function named({ name, about }: SkillVariable): string {
  return about === "" ? name : `${name} (${about})`;
}
