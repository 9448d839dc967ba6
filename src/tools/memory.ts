import { z } from "zod";
import type { MemoryChange } from "../core/memory.ts";
import { tool } from "../core/tool.ts";

const parameters = z.strictObject({
  action: z.enum(["add", "replace", "remove"]),
  target: z.enum(["memory", "user"]).describe("memory: facts, conventions, lessons. user: who the person is and likes."),
  content: z.string().default("").describe("New entry, for add and replace."),
  old_text: z.string().default("").describe("Part of the one entry meant, for replace and remove."),
  scope: z.enum(["here", "person", "team"]).default("here").describe("Others only when told to."),
});

export const memory = tool({
  name: "memory",
  description:
    "Change what you remember across conversations. Save lasting facts and preferences unasked, in one short sentence each; no secrets.",
  kind: "effect",
  toolset: "memory",
  needs: "memory",
  parameters,
  preview: ({ action, target }) => `memory: ${action} ${target}`,
  run: (args, context) => context.remember(memoryChange(args), args.scope),
});

/** What a call asks for. Throws for the model where something is missing. */
export function memoryChange(given: unknown): MemoryChange {
  const args = parameters.parse(given);

  const { action, target, content, old_text: oldText } = args;
  if (action !== "remove" && content.trim() === "") throw new Error(`${action} needs content: the entry to remember.`);
  if (action !== "add" && oldText.trim() === "") throw new Error(`${action} needs old_text: a part of the entry you mean.`);
  switch (action) {
    case "add":
      return { action, target, content };
    case "replace":
      return { action, target, oldText, content };
    case "remove":
      return { action, target, oldText };
  }
}
