import type { Define, Product } from "./context.ts";

/** A command as `hermes --help` lists it; its file is loaded when it is typed. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}

/** ONE LINE A COMMAND. A registry: dynamic imports keep `hermes --help` fast. */
export const commands: readonly CommandEntry[] = [
  { name: "start", summary: "run everything in this process", load: () => import("./start.ts") },
  {
    name: "gateway",
    summary: "look after the service: install, start, stop, status, logs; alone, run the chat platforms only",
    load: () => import("./gateway.ts"),
  },
  { name: "worker", summary: "run a worker only (needs REDIS_URL and DATABASE_URL)", load: () => import("./worker.ts") },
  { name: "setup", summary: "from nothing to a bot that answers, step by step", load: () => import("./setup.ts") },
  { name: "chat", summary: "talk with the agent here, or ask it one question", load: loadChat },
  { name: "model", summary: "show the model server, or connect one", load: () => import("./model.ts") },
  { name: "config", summary: "show, change and check the configuration", load: () => import("./config.ts") },
  { name: "pairing", summary: "let people in by their pairing codes", load: () => import("./pairing.ts") },
  {
    name: "approvals",
    summary: "say whether a command would need approval; list and take back what was allowed",
    load: () => import("./approvals.ts"),
  },
  { name: "cron", summary: "list, add and look after schedules", load: () => import("./cron.ts") },
  { name: "skills", summary: "list, install and look after skills", load: () => import("./skills.ts") },
  { name: "memory", summary: "show, edit, export, import and forget what is remembered", load: () => import("./memory.ts") },
  { name: "people", summary: "list who may speak to the agent, and change their roles", load: () => import("./people.ts") },
  { name: "sessions", summary: "list, show, rename, export and delete conversations", load: () => import("./sessions.ts") },
  { name: "status", summary: "say what is running", load: () => import("./status.ts") },
  { name: "logs", summary: "show what the service has done, and follow it", load: () => import("./logs.ts") },
  {
    name: "insights",
    summary: "count what was asked, at what speed, and how well tools were called",
    load: loadInsights,
  },
  { name: "bench", summary: "measure how fast the model is", load: () => import("./bench.ts") },
  { name: "doctor", summary: "check every part, with the mend for each fault", load: () => import("./doctor.ts") },
  { name: "completion", summary: "print what completes commands in bash or zsh", load: loadCompletion },
];

/** It tells of all the others. */
async function loadCompletion(): Promise<{ readonly define: Define }> {
  const { completionOf } = await import("./completion.ts");
  return { define: completionOf(commands) };
}

/** What draws on the screen is loaded only where there is one. */
async function loadChat(): Promise<{ readonly define: Define }> {
  const { chatWith } = await import("./chat.ts");
  return { define: chatWith(() => import("../main/screen.ts")) };
}

async function loadInsights(): Promise<{ readonly define: Define }> {
  const { insightsWith } = await import("./insights.ts");
  return { define: insightsWith(() => import("../main/screen.ts")) };
}

/** The product itself, loaded only by the commands that run it. */
export async function loadProduct(): Promise<Product> {
  return await import("../main.ts");
}

/** What reads `--toolsets`, loaded only where it is given. */
export async function loadToolsets(): Promise<{ variablesOf(text: string): Readonly<Record<string, string>> }> {
  return await import("./toolsets.ts");
}
