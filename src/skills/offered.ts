import type { SkillEntry } from "../core/skill.ts";

/** What there is in a session, for a skill's conditions. */
export interface SkillSetting {
  readonly toolsets: ReadonlySet<string>;
  readonly tools: ReadonlySet<string>;
  /** Where its commands run: linux, macos, windows. */
  readonly platform: string;
}

/** Why a skill can't be used in a session, for the model; null when it can. */
export function whyNotOffered({ meta }: Pick<SkillEntry, "meta">, { toolsets, tools, platform }: SkillSetting): string | null {
  const { requiresToolsets, requiresTools, fallbackForToolsets, fallbackForTools } = meta.conditions;
  if (meta.platforms.length > 0 && !meta.platforms.includes(platform))
    return `it is for ${meta.platforms.join(" and ")}; commands run on ${platform} here`;
  const missing = [
    ...requiresToolsets.filter((each) => !toolsets.has(each)),
    ...requiresTools.filter((each) => !tools.has(each)),
  ];
  if (missing.length > 0) return `it needs ${missing.join(", ")}, which is not there`;
  const stands = [...fallbackForToolsets.map((each) => toolsets.has(each)), ...fallbackForTools.map((each) => tools.has(each))];
  if (stands.length > 0 && stands.every(Boolean))
    return `it stands in for ${[...fallbackForToolsets, ...fallbackForTools].join(", ")}, which is there`;
  return null;
}
