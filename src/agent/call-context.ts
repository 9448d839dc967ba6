import type { Sandbox } from "../core/sandbox.ts";
import type { ToolContext } from "../core/tool.ts";

/** Everything of a `ToolContext` but what belongs to one call: its progress, its questions, its messages, its calls, its subagents. */
export type CallContext = Omit<ToolContext, "progress" | "ask" | "chats" | "tools" | "delegation">;

/** Puts together what all calls of a turn share; the sandbox is opened at its first use. */
export function toolContext(parts: Omit<CallContext, "sandbox">, openSandbox: () => Promise<Sandbox>): CallContext {
  let opened: Promise<Sandbox> | null = null;
  const sandbox = () => {
    // A failed opening is not kept: the engine may be back at the next call.
    opened ??= openSandbox().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  return { ...parts, sandbox };
}
