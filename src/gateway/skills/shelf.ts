import { codeBlock, codeSpan, plainWords, unhidden } from "../../core/markdown.ts";
import type { SkillEntry, SkillReply } from "../../core/skill.ts";
import { textOf } from "../../skills/bundle.ts";
import { originWords } from "../../skills/card.ts";
import { readSkill } from "../../skills/reading.ts";
import { findSource, searchSources } from "../../skills/sources/index.ts";
import { shippedSkills } from "../../skills/sources/shipped.ts";
import { listSkills } from "../../store/skills.ts";
import { type DeskCall, done, refused } from "./call.ts";

/** What is installed, and what could be at once. */
export async function list({ desk, visitor, reading }: DeskCall): Promise<SkillReply> {
  const installed = await listSkills(desk.db, visitor.viewer);
  const shipped = (await shippedSkills(reading.places.shipped)).filter(({ name }) =>
    installed.every((entry) => entry.name !== name),
  );
  const lines = installed.map(
    (entry) =>
      `- ${codeSpan(`/${entry.name}`)}${entry.owner.scope === "person" ? " (yours)" : ""}: ${plainWords(entry.description)}`,
  );
  const more = shipped.map(({ name, description }) => `- ${codeSpan(name)}: ${plainWords(description)}`);
  const text = [
    ...(lines.length === 0 ? ["No skill is installed yet."] : ["Installed; the name with a slash uses one:", "", ...lines]),
    ...(more.length === 0 ? [] : ["", "These come with me; `/skills install NAME` takes one into use:", "", ...more]),
  ].join("\n");
  return done(text, {
    installed: installed.map(shown),
    available: shipped.map(({ name, description, version }) => ({ name, description, version })),
  });
}

export async function search({ reading, words }: DeskCall): Promise<SkillReply> {
  const query = words.join(" ");
  if (query === "") return refused("Say what the skill should be for: `/skills search WORDS`");
  const { hits, trouble } = await searchSources(reading, query);
  const lines = hits.map(
    ({ name, description, from }) => `- ${codeSpan(name)}${from === "hub" ? " (hub)" : ""}: ${plainWords(description)}`,
  );
  const found =
    hits.length === 0 ? [`Nothing fits ${codeSpan(query)}.`] : [...lines, "", "`/skills install NAME` takes one into use."];
  return done([...found, ...(trouble === null ? [] : ["", trouble])].join("\n"), { hits, trouble });
}

/** Characters of a text that are shown. */
const shownChars = 6_000;

/** A skill's text, or one of its files; of one that is not installed, as it would be. */
export async function view({ desk, visitor, reading, words: [name = "", file = ""] }: DeskCall): Promise<SkillReply> {
  if (name === "") return refused("Say which: `/skills view NAME`");
  const skill = await readSkill(desk.db, visitor.viewer, name);
  const found = skill === null ? await findSource(reading, name) : null;
  const files = skill?.files ?? found?.bundle.files ?? [];
  const wanted = file === "" ? "SKILL.md" : file;
  const one = files.find(({ path }) => path === wanted);
  const names = files.map(({ path }) => path);
  if (one === undefined) return refused(`It has no file ${codeSpan(wanted)}. It has: ${names.map(codeSpan).join(", ")}`);
  const text = unhidden(textOf(one));
  const cut = text.length > shownChars ? `${text.slice(0, shownChars).toWellFormed()}\n… (${text.length} characters)` : text;
  const about =
    skill === null ? `Not installed; from ${found === null ? "" : originWords(found.origin)}` : aboutLine(skill.entry);
  return done([about, `Files: ${names.map(codeSpan).join(", ")}`, "", codeBlock(cut)].join("\n"), {
    ...(skill === null ? {} : shown(skill.entry)),
    files: names,
    text,
  });
}

/** A skill in the lock. */
function shown({ name, description, version, owner, hash, origin }: SkillEntry) {
  return { name, description, version, scope: owner.scope, hash, origin };
}

function aboutLine({ name, version, owner, hash, origin }: SkillEntry): string {
  const whose = owner.scope === "team" ? "the team's" : "yours";
  return `${codeSpan(name)}${version === "" ? "" : ` ${plainWords(version)}`}, ${whose}, from ${originWords(origin)}, hash ${codeSpan(hash.slice(0, 16))}`;
}
