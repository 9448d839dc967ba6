import type { ChatKind, Person } from "../core/chats.ts";
import { asFailure } from "../core/failures.ts";
import type { Sandbox } from "../core/sandbox.ts";
import type { SkillEntry, SkillPorts, SkillViewer } from "../core/skill.ts";
import { textOf } from "../skills/bundle.ts";
import { whyNotOffered } from "../skills/offered.ts";
import { placeFiles } from "../skills/placing.ts";
import { filledIn, quotedBody, type ReadSkill, readSkill } from "../skills/reading.ts";
import { withoutValues } from "../skills/variables.ts";
import { lastRead, listSkills, noteRead } from "../store/skills.ts";
import type { SkillAsker, SkillWork } from "./skill-asker.ts";
import { changeSkill } from "./skill-changes.ts";
import { giveNone, giveSkill } from "./skill-variables.ts";

/** The skills of one turn: the ports of its tools, and what its sandbox is given when it is opened. */
export interface TurnSkills extends SkillPorts {
  prepare(sandbox: Sandbox): Promise<Sandbox>;
}

/** In a shared chat only the team's skills are there. */
export function skillViewer(kind: ChatKind, person: Pick<Person, "id">): SkillViewer {
  return { person: kind === "private" ? person.id : null };
}

/** The skills that a session is told of. */
export async function offeredSkills(
  work: SkillWork,
  viewer: SkillViewer,
  has: SkillAsker["has"],
): Promise<readonly SkillEntry[]> {
  if (!has.tools.has("skill_view")) return [];
  const all = await listSkills(work.db, viewer);
  if (all.length === 0) return [];
  const setting = { ...has, platform: await work.platform() };
  return all.filter((entry) => whyNotOffered(entry, setting) === null);
}

/** Binds skills to one turn. */
export function turnSkills(work: SkillWork, asker: SkillAsker): TurnSkills {
  const viewer = skillViewer(asker.kind, asker.person);
  let values: readonly string[] = [];
  return {
    async view(name, file, sandbox) {
      if (name === "") return await listed(work, viewer, asker.has);
      const skill = await readSkill(work.db, viewer, name);
      if (skill === null) throw new Error(await unknown(work, viewer, name));
      const why = whyNotOffered(skill.entry, { ...asker.has, platform: await work.platform() });
      if (why !== null) throw new Error(`The skill ${skill.entry.name} can't be used here: ${why}.`);
      if (file !== "" && file !== "SKILL.md") return fileText(skill, file);
      return await bodyText(work, viewer, asker, skill, sandbox);
    },
    propose: (change) => changeSkill(work, asker, viewer, change),
    conceal: (text) => withoutValues(text, values),
    async prepare(sandbox) {
      // All of them: another conversation's commands may have left one in a file or a process.
      values = [...(await work.settings()).variables.values()];
      const read = await lastRead(work.db, asker.session, viewer);
      if (read !== null) await (read.entry === null ? giveNone(asker, sandbox) : giveSkill(work, asker, read.entry, sandbox));
      return sandbox;
    },
  };
}

/** Characters of skills that go before a request; more would crowd it out. */
const mostAsked = 70_000;

/** Skills that somebody asked for by their names, as they go before the request. What can't be had is said in its place. */
export async function askedSkills(
  work: SkillWork,
  asker: Pick<SkillAsker, "session" | "person" | "kind" | "signal">,
  names: readonly string[],
  sandbox: () => Promise<Sandbox>,
): Promise<string> {
  const viewer = skillViewer(asker.kind, asker.person);
  const texts: string[] = [];
  let left = mostAsked;
  for (const name of names) {
    const text = await askedSkill(work, viewer, asker, name, sandbox);
    texts.push(text.length <= left ? text : `[The skill "${name}" is asked for too: read it with skill_view.]`);
    left -= Math.min(left, text.length);
  }
  return texts.join("\n\n");
}

async function askedSkill(
  work: SkillWork,
  viewer: SkillViewer,
  asker: Pick<SkillAsker, "session" | "person" | "signal">,
  name: string,
  sandbox: () => Promise<Sandbox>,
): Promise<string> {
  try {
    const skill = await readSkill(work.db, viewer, name);
    if (skill === null) return `[The skill "${name}" was asked for, but it is gone.]`;
    return await bodyText(work, viewer, asker, skill, sandbox);
  } catch (error) {
    asker.signal.throwIfAborted();
    return `[The skill "${name}" was asked for, but could not be read: ${asFailure(error).message}]`;
  }
}

async function bodyText(
  work: SkillWork,
  viewer: SkillViewer,
  asker: Pick<SkillAsker, "session" | "person" | "signal">,
  skill: ReadSkill,
  sandbox: () => Promise<Sandbox>,
): Promise<string> {
  const { entry, body, files } = skill;
  const { variables } = entry.meta;
  const others = files.filter(({ path }) => path !== "SKILL.md");
  const before = await lastRead(work.db, asker.session, viewer);
  const lost = before !== null && before.name !== entry.name && before.entry?.meta.variables.length !== 0 ? before.name : null;
  await noteRead(work.db, asker.session, entry.name, entry.hash);
  if (others.length === 0 && variables.length === 0 && lost === null) return quotedBody(entry.name, body);
  const opened = await sandbox();
  const directory = others.length === 0 ? "" : await placeFiles(opened, entry.name, files, asker.signal);
  const missing = variables.length === 0 && lost === null ? [] : await giveSkill(work, asker, entry, opened);
  const notes = [
    ...(others.length === 0 ? [] : [`Its files are in ${directory}: ${others.map(({ path }) => path).join(", ")}`]),
    ...missing,
    ...(lost === null ? [] : [`Commands no longer have the variables of ${lost}: to go on with it, read it again first.`]),
  ];
  return [quotedBody(entry.name, filledIn(body, directory)), ...notes].join("\n\n");
}

function fileText(skill: ReadSkill, path: string): string {
  const file = skill.files.find((each) => each.path === path.replace(/^\.?\//, ""));
  const names = skill.files.map((each) => each.path).join(", ");
  if (file === undefined) throw new Error(`The skill ${skill.entry.name} has no file ${path}. It has: ${names}`);
  const text = textOf(file);
  return text === "" ? "(empty)" : text;
}

async function listed(work: SkillWork, viewer: SkillViewer, has: SkillAsker["has"]): Promise<string> {
  const all = await listSkills(work.db, viewer);
  const setting = { ...has, platform: await work.platform() };
  const lines = all.map((entry) => {
    const why = whyNotOffered(entry, setting);
    return `${entry.name}: ${entry.description}${why === null ? "" : ` (not here: ${why})`}`;
  });
  const rest = (await work.shipped()).filter((name) => all.every((entry) => entry.name !== name));
  const more = rest.length === 0 ? [] : ["", `Not installed; a person can with /skills install NAME: ${rest.join(", ")}`];
  return [...(lines.length === 0 ? ["There are no skills yet."] : lines), ...more].join("\n");
}

async function unknown(work: SkillWork, viewer: SkillViewer, name: string): Promise<string> {
  if ((await work.shipped()).includes(name))
    return `The skill ${name} is not installed. A person can do it: /skills install ${name}`;
  const names = (await listSkills(work.db, viewer)).map((entry) => entry.name);
  return `There is no skill "${name.slice(0, 80)}".${names.length === 0 ? "" : ` There are: ${names.join(", ")}`}`;
}
