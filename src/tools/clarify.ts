import { z } from "zod";
import { tool } from "../core/tool.ts";

/** The original's: how long an answer is waited for, and how many choices there may be. */
const lifetimeMs = 3_600_000;
const mostChoices = 4;

const parameters = z.strictObject({
  question: z.string().trim().min(1).max(2_000),
  choices: z
    .array(z.string().trim().min(1).max(60))
    .max(mostChoices)
    .default([])
    .describe("Shown as buttons; leave out for a free answer."),
});

export const clarify = tool({
  name: "clarify",
  description: "Ask the person one thing you can't find out or decide yourself, and wait for the answer.",
  kind: "read",
  toolset: "clarify",
  parameters,
  preview: ({ question }) => `ask: ${question}`,
  async run({ question, choices }, { ask }) {
    const reply = await ask({
      kind: "clarify",
      text: question,
      choices,
      digest: "clarify",
      lifetimeMs,
      mayAnswer: { type: "asker" },
    });
    if (reply.type === "expired") return "Nobody answered within an hour. Do what needs no answer, and say what you assumed.";
    return `${reply.by}: ${reply.text}`;
  },
});
