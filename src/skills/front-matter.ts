import { z } from "zod";
import { parseYamlText } from "../config/yaml-text.ts";
import type { SkillMeta, SkillVariable } from "../core/skill.ts";
import { nameFault } from "./names.ts";

/** A SKILL.md, taken apart. */
export interface SkillText {
  readonly meta: SkillMeta;
  /** What follows the front matter. */
  readonly body: string;
}

/** Longest description that is kept; lines in the prompt are cut shorter. */
const descriptionChars = 1_024;
/** Longer front matter is none. */
const headChars = 16_000;

/** Reads a SKILL.md. `fallbackName`: what its directory is called, where it has no name itself. Throws what its author should mend. */
export function readSkillText(text: string, fallbackName = ""): SkillText {
  const clean = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const match = /^---[ \t]*\n([\s\S]*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(clean.slice(0, headChars));
  if (match?.[1] === undefined)
    throw new Error("SKILL.md must begin with front matter: a line ---, then name: and description:, then a line ---.");
  let raw: unknown;
  try {
    raw = mappingOf(match[1]);
  } catch (thrown) {
    throw new Error(`SKILL.md's front matter is no YAML: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  }
  const parsed = head.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`SKILL.md's front matter: ${issue?.path.join(".") || "it"} ${issue?.message ?? "can't be read"}.`);
  }
  const meta = metaOf(parsed.data, fallbackName);
  const body = clean.slice(match[0].length).trim();
  if (body === "") throw new Error("SKILL.md has nothing below its front matter: write what to do there.");
  return { meta, body };
}

/** Many authors write `description: Tables: look into them` without quotes, which YAML takes for something else. */
function mappingOf(text: string): unknown {
  const bare = /^(name|description|author|license|version):[ \t]+(?!["'|>[{&*!])(.*:[ \t].*)$/gm;
  return parseYamlText(text.replaceAll(bare, (_line, key: string, value: string) => `${key}: ${JSON.stringify(value.trim())}`));
}

/** Words with commas, or a list of them; numbers are words. */
const words = z
  .preprocess(
    (raw) =>
      raw === null || raw === undefined ? [] : Array.isArray(raw) ? raw : typeof raw === "string" ? raw.split(",") : [raw],
    z.array(z.union([z.string(), z.number().transform(String)])).max(50),
  )
  .transform((list) => list.map((each) => each.trim().slice(0, 100)).filter(Boolean));
const line = z
  .preprocess(
    (raw) => (raw === null || raw === undefined ? "" : typeof raw === "number" || typeof raw === "boolean" ? String(raw) : raw),
    z.string("must be one line of text; put it in quotes"),
  )
  .transform((value) => oneLine(value));
const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,100}$/;
const variable = z.union([
  z.string().transform((name): SkillVariable => ({ name: name.trim(), about: "" })),
  z
    .object({ name: z.string(), prompt: line.optional(), help: line.optional(), description: line.optional() })
    .transform(({ name, prompt, help, description }): SkillVariable => ({
      name: name.trim(),
      about: [prompt, description, help].filter(Boolean).join(" ").slice(0, 300),
    })),
]);
const variables = z
  .preprocess((raw) => raw ?? [], z.array(variable).max(20, "lists more than 20 variables"))
  .refine((list) => list.every(({ name }) => variableName.test(name)), "names a variable that can't be one");
const hermes = z.looseObject({
  tags: words.optional(),
  category: line.optional(),
  requires_toolsets: words.optional(),
  requires_tools: words.optional(),
  fallback_for_toolsets: words.optional(),
  fallback_for_tools: words.optional(),
});
const head = z.looseObject({
  name: line.optional(),
  description: line,
  version: line.optional(),
  author: line.optional(),
  license: line.optional(),
  platforms: words.optional(),
  required_environment_variables: variables.optional(),
  tags: words.optional(),
  metadata: z
    .preprocess((raw) => (typeof raw === "object" && raw !== null ? raw : {}), z.looseObject({ hermes: hermes.optional() }))
    .optional(),
});

function metaOf(data: z.output<typeof head>, fallbackName: string): SkillMeta {
  const name = (data.name || fallbackName).toLowerCase().trim().replaceAll(/\s+/g, "-");
  const fault = nameFault(name);
  if (fault !== null) throw new Error(`SKILL.md's name ${JSON.stringify(name.slice(0, 80))} can't be used. ${fault}`);
  if (data.description === "") throw new Error("SKILL.md's front matter has no description: one line on what the skill is for.");
  const own = data.metadata?.hermes ?? {};
  return {
    name,
    description: data.description.slice(0, descriptionChars).toWellFormed(),
    version: (data.version ?? "").slice(0, 40),
    author: (data.author ?? "").slice(0, 100),
    license: (data.license ?? "").slice(0, 60),
    tags: (own.tags ?? data.tags ?? []).slice(0, 20),
    category: (own.category ?? "").slice(0, 40),
    platforms: (data.platforms ?? []).map((each) => each.toLowerCase()),
    variables: data.required_environment_variables ?? [],
    conditions: {
      requiresToolsets: own.requires_toolsets ?? [],
      requiresTools: own.requires_tools ?? [],
      fallbackForToolsets: own.fallback_for_toolsets ?? [],
      fallbackForTools: own.fallback_for_tools ?? [],
    },
  };
}

/** Nothing in a line of front matter may begin another line, in the prompt or in a list. */
function oneLine(value: string): string {
  return value.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}
