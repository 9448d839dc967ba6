import { z } from "zod";
import { tool } from "../core/tool.ts";

const parameters = z.strictObject({
  query: z.string().default("").describe('Words, "a phrase", or, -without. Empty: the latest conversations.'),
  limit: z.int().min(1).max(10).default(3),
  sort: z.enum(["newest", "oldest"]).default("newest"),
  session_id: z.string().default("").describe("Read this one."),
  around_message_id: z.int().min(0).default(0),
  window: z.int().min(1).max(20).default(5),
  role_filter: z.enum(["", "user", "assistant"]).default(""),
  detail: z.enum(["adaptive", "full"]).default("adaptive"),
});

const speakers = { "": null, user: "person", assistant: "agent" } as const;

export const sessionSearch = tool({
  name: "session_search",
  description: "Search or read past conversations.",
  kind: "read",
  toolset: "session_search",
  parameters,
  preview: ({ query, session_id: session }) => (session === "" ? `search the past: ${query}` : `read session ${session}`),
  run: ({ query, limit, sort, session_id: session, around_message_id: around, window, role_filter: role, detail }, { past }) =>
    session === ""
      ? past.search({ query, limit, newestFirst: sort === "newest", by: speakers[role], whole: detail === "full" })
      : past.read(session, around === 0 ? null : around, window),
});
