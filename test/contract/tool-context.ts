import assert from "node:assert/strict";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { ToolContext } from "../../src/core/tool.ts";

/** What tools that work on files alone are given, for one sandbox. */
export function contextFor(sandbox: Sandbox, limits: Partial<ToolContext["limits"]> = {}): ToolContext {
  const given: Pick<ToolContext, "session" | "signal" | "sandbox" | "progress" | "limits"> = {
    session: "s1",
    signal: new AbortController().signal,
    sandbox: async () => sandbox,
    progress: () => undefined,
    limits: { commandMs: 20_000, resultChars: 5_000, ...limits },
  };
  // The rest is not theirs to use: a tool that did would fail.
  return given as ToolContext;
}

/** What a tool is given for anything but sandbox, memory and configuration: one that uses it fails. */
export const barred = {
  ask: () => assert.fail("asks nobody"),
  chats: { list: () => assert.fail("no chats"), post: () => assert.fail("no chats") },
  tools: { parametersOf: () => null, call: () => assert.fail("no tools") },
  delegation: { run: () => assert.fail("no subagents") },
  attended: true,
  schedules: {
    preview: () => assert.fail("no schedules"),
    previewEdit: () => assert.fail("no schedules"),
    create: () => assert.fail("no schedules"),
    list: () => assert.fail("no schedules"),
    act: () => assert.fail("no schedules"),
    edit: () => assert.fail("no schedules"),
  },
  web: { search: () => assert.fail("no web"), read: () => assert.fail("no web"), pageChars: async () => 15_000 },
  skills: { view: () => assert.fail("no skills"), propose: () => assert.fail("no skills"), conceal: (text) => text },
  watching: { watch: () => Promise.resolve(), seen: () => Promise.resolve() },
  past: { search: () => assert.fail("no past"), read: () => assert.fail("no past"), latestResult: async () => null },
  pictures: { fetch: () => assert.fail("no pictures"), ask: () => assert.fail("no pictures") },
} as const satisfies Partial<ToolContext>;
