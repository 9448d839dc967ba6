import { z } from "zod";
import { tool } from "../core/tool.ts";

const parameters = z.strictObject({ action: z.enum(["recent", "measure"]) });

export const modelSpeed = tool({
  name: "model_speed",
  description: "Your own PP and TG speed.",
  kind: "read",
  toolset: "configuration",
  parameters,
  preview: ({ action }) => (action === "measure" ? "measure the model's speed" : "look up the model's speed"),
  run: async ({ action }, context) => await context.modelSpeed(action === "measure", (line) => context.progress(`${line}\n`)),
});
