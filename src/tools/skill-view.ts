import { z } from "zod";
import { tool } from "../core/tool.ts";
import { placeIn } from "./skill-place.ts";

export const skillView = tool({
  name: "skill_view",
  description: "Read a skill or NAME/FILE.",
  kind: "read",
  toolset: "skills",
  parameters: z.strictObject({ name: z.string().default(""), file: z.string().default("") }),
  aliases: { skill: "name", skill_name: "name", file_path: "file", path: "file" },
  schema: { type: "object", properties: { name: { type: "string" } } },
  preview: ({ name, file }) => (name === "" ? "skills" : `skill: ${name}${file === "" ? "" : ` ${file}`}`),
  run: ({ name, file }, { skills, sandbox }) => {
    const place = placeIn(name, file);
    return skills.view(place.name, place.file, sandbox);
  },
});
