import { codeBlock, codeSpan, plainWords, unhidden } from "../core/markdown.ts";
import { sizeWords } from "../core/size-words.ts";
import type { SkillBundle, SkillFile, SkillFinding, SkillOrigin, SkillOwner, SkillVerdict } from "../core/skill.ts";
import type { ProposalAction } from "../core/skill.ts";

/** What a person reads before they decide over a skill. */
export interface SkillCard {
  readonly action: ProposalAction;
  readonly name: string;
  readonly owner: SkillOwner;
  readonly origin: SkillOrigin;
  /** Null: it is to be removed. */
  readonly bundle: Pick<SkillBundle, "meta" | "files"> | null;
  readonly verdict: SkillVerdict;
  readonly findings: readonly SkillFinding[];
  /** What differs from what stands; of a new one, the text itself. */
  readonly changes: string;
  /** Who wants it; empty: nobody in particular. */
  readonly by: string;
}

const verbs: Readonly<Record<ProposalAction, string>> = {
  install: "Install the skill",
  update: "Update the skill",
  create: "Keep a new skill",
  change: "Change the skill",
  remove: "Remove the skill",
};

/** Characters of the changes in a message; the rest is told by a command. */
const shownChars = 1_800;

/** The card as Markdown. `id`: by which the rest is asked for. */
export function cardOf(card: SkillCard, id: string | null): string {
  const { bundle, owner, by, action, name, changes } = card;
  const whose = owner.scope === "team" ? "for everybody here" : "for you alone";
  const wanted = by === "" ? "" : ` (${plainWords(by)} asks for it)`;
  const head = `**${verbs[action]} ${codeSpan(name)}** ${whose}?${wanted}`;
  if (bundle === null) return head;
  const { meta, files } = bundle;
  const variables = meta.variables.map((each) => codeSpan(each.name)).join(", ");
  const about = [
    plainWords(meta.description),
    `From ${originWords(card.origin)}${meta.version === "" ? "" : `, version ${plainWords(meta.version)}`}. ${filesWords(files)}`,
    ...(variables === "" ? [] : [`Its commands ask for the variables ${variables}.`]),
  ];
  const text = unhidden(changes);
  const long = text.length > shownChars;
  // Of a new one only its text is shown here.
  const rest = (long || files.length > 1) && id !== null ? [`All of it: ${codeSpan(`/skills diff ${id}`)}`] : [];
  const shown =
    text === ""
      ? []
      : [
          "",
          codeBlock(
            long ? `${text.slice(0, shownChars).toWellFormed()}\n…` : text,
            action === "create" || action === "install" ? "" : "diff",
          ),
          ...rest,
        ];
  return [head, "", ...about, "", ...verdictLines(card.verdict, card.findings), ...shown].join("\n");
}

/** Findings that are shown; a person reads no more. */
const mostFindings = 12;

/** What the scan says, a line each. */
export function verdictLines(verdict: SkillVerdict, findings: readonly SkillFinding[]): readonly string[] {
  const said: Readonly<Record<SkillVerdict, string>> = {
    safe: "Scan: **safe**. Nothing was found; that is no promise.",
    caution: "Scan: **caution**. Look at these lines:",
    dangerous: "Scan: **dangerous**. These lines speak against it:",
  };
  const lines = findings.slice(0, mostFindings).map(({ level, what, file, line, excerpt }) => {
    const place = line > 0 ? `${file}:${line}` : file;
    const mark = level === "dangerous" ? "dangerous: " : "";
    return `- ${mark}${codeSpan(place)} ${what}${excerpt === "" ? "" : `: ${codeSpan(excerpt)}`}`;
  });
  const more = findings.length > mostFindings ? [`- and ${findings.length - mostFindings} more`] : [];
  return [said[verdict], ...lines, ...more];
}

/** Where a skill came from, for a person. */
export function originWords({ type, from, revision }: SkillOrigin): string {
  const at = revision === null || type === "shipped" ? "" : ` (${plainWords(revision.slice(0, 12))})`;
  switch (type) {
    case "shipped":
      return "this version of Hermes Team";
    case "agent":
      return "the agent itself";
    case "person":
      return "a person here";
    case "home":
      return "the home's skills folder";
    case "hub":
      return `the hub, ${codeSpan(from)}${at}`;
    case "github":
      return `GitHub, ${codeSpan(from)}${at}`;
    case "folder":
    case "zip":
    case "url":
    case "git":
    case "well-known":
      return `${codeSpan(from)}${at}`;
  }
}

function filesWords(files: readonly SkillFile[]): string {
  const size = sizeWords(files.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const names = files.map(({ path }) => path).filter((path) => path !== "SKILL.md");
  if (names.length === 0) return `One text, ${size}.`;
  const shown = names.slice(0, 8).map(codeSpan).join(", ");
  return `${size}; with it ${names.length === 1 ? "comes" : "come"} ${shown}${names.length > 8 ? ` and ${names.length - 8} more` : ""}.`;
}
