import { z } from "zod";
import type { SkillChange } from "../core/skill.ts";
import { tool } from "../core/tool.ts";
import { placeIn } from "./skill-place.ts";

const parameters = z.strictObject({
  action: z.enum(["create", "edit", "patch", "write_file", "remove_file", "delete"]),
  name: z.string(),
  file: z.string().default(""),
  old: z.string().default(""),
  content: z.string().default(""),
});

export const skillManage = tool({
  name: "skill_manage",
  description: "Propose to create, patch (old) or delete a skill or file.",
  kind: "effect",
  toolset: "skills",
  parameters,
  aliases: {
    skill: "name",
    file_path: "file",
    path: "file",
    old_string: "old",
    old_text: "old",
    new_string: "content",
    new: "content",
    file_content: "content",
    text: "content",
  },
  schema: {
    type: "object",
    properties: {
      action: { type: "string" },
      name: { type: "string" },
      old: { type: "string" },
      content: { type: "string" },
    },
  },
  preview: ({ action, name }) => `skill: ${action} ${name}`,
  run: (args, { skills }) => skills.propose(changeOf(args)),
});

const form =
  "content must be a whole SKILL.md: a line ---, `name: NAME`, `description: WHEN TO USE IT, in at most 60 characters`, a line ---, then Markdown: When to Use, Procedure, Pitfalls, Verification.";

function changeOf(args: z.output<typeof parameters>): SkillChange {
  const { action, old, content } = args;
  const { name, file } = placeIn(args.name, args.file);
  if (name === "") throw new Error(`${action} needs the skill's name.`);
  const whole = file === "" || file === "SKILL.md";
  switch (action) {
    case "create":
    case "edit":
    case "write_file":
      if (content.trim() === "") throw new Error(`${action} needs content. ${whole ? form : ""}`.trim());
      if (!whole) return { action: "write_file", name, file, content };
      return action === "create" ? { action, name, content } : { action: "edit", name, content };
    case "patch":
      if (old === "") throw new Error("patch needs old: a part that stands once in the file. It is replaced with content.");
      return { action, name, file: whole ? "SKILL.md" : file, from: old, to: content };
    case "remove_file":
    case "delete":
      return whole ? { action: "delete", name } : { action: "remove_file", name, file };
  }
}
