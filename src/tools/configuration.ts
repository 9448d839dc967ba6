import { z } from "zod";
import { tool } from "../core/tool.ts";

const parameters = z.strictObject({
  action: z.enum(["get", "set"]),
  key: z
    .string()
    .default("")
    .describe("compression.threshold, or for get a section: model, compression, auxiliary, agent, display."),
  value: z.string().default("").describe("For set; empty for the default."),
});

export const configuration = tool({
  name: "configuration",
  description: "Read or change your own settings. Tell what the result says about when it takes effect.",
  kind: "effect",
  toolset: "configuration",
  parameters,
  preview: ({ action, key, value }) => (action === "get" ? `configuration: ${key}` : `configuration: ${key} = ${value}`),
  run: async ({ action, key, value }, { configuration: settings, person }) => {
    if (action === "get") return await settings.get(key.trim());
    if (key.trim() === "") throw new Error("set needs a key, such as compression.threshold.");
    if (person.role === "owner" || person.role === "admin") return await settings.set(key.trim(), value.trim());
    throw new Error(
      `${person.name} may read the settings but not change them: only an owner or an admin can. Nothing was changed.`,
    );
  },
});
