import type { Role } from "../core/chats.ts";
import type { Sandbox } from "../core/sandbox.ts";
import type { SkillEntry, SkillVariable } from "../core/skill.ts";
import { hasLeave } from "../skills/proposing.ts";
import { giveVariables, replaceVariables, variablesFor } from "../skills/variables.ts";
import type { SkillAsker, SkillWork } from "./skill-asker.ts";

type Asker = Pick<SkillAsker, "person" | "signal">;

/** Gives a skill its variables; what the model is to know of those that it does not get, a line each. */
export async function giveSkill(work: SkillWork, asker: Asker, entry: SkillEntry, sandbox: Sandbox): Promise<readonly string[]> {
  const { variables, approvers } = await work.settings();
  const wanted = entry.meta.variables;
  if (!hasLeave({ approvers }, entry, asker.person)) return wanted.map((each) => withheldWords(each, approvers));
  const { values, missing } = variablesFor(wanted, variables);
  await giveVariables(sandbox, values, asker.signal);
  return missing.map(missingWords);
}

/** Gives a session the variables of the skills that it has read, and takes back those of others. */
export async function giveAgain(work: SkillWork, asker: Asker, read: readonly SkillEntry[], sandbox: Sandbox): Promise<void> {
  const { variables, approvers } = await work.settings();
  const wanted = read.filter((entry) => hasLeave({ approvers }, entry, asker.person)).flatMap(({ meta }) => meta.variables);
  await replaceVariables(sandbox, variablesFor(wanted, variables).values, asker.signal);
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
