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
