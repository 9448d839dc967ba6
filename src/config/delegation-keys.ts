import { text, whole } from "./kinds.ts";
import { row } from "./row.ts";

const next = { effect: "message", chat: true } as const;

/** The rows of subagents. */
export const delegationKeys = {
  "delegation.model": row(text("a model's name"), null, "The model of subagents; without it, the one that delegates.", {
    effect: "message",
  }),
  "delegation.provider": row(
    text("a provider's name"),
    null,
    "The server of that model, by its name; without it, the main one.",
    {
      effect: "message",
    },
  ),
  "delegation.max_iterations": row(
    whole(1, 500, "steps"),
    25,
    "Model calls one subagent may take, out of those of its request (`agent.max_turns`).",
    next,
  ),
  "delegation.max_concurrent_children": row(
    whole(1, 50, "subagents"),
    3,
    "How many subagents of one request work side by side; others wait for their turn.",
    next,
  ),
  "delegation.max_spawn_depth": row(
    whole(1, 5, "levels"),
    1,
    "How deep subagents may delegate in their turn; 1: they may not.",
    next,
  ),
  "delegation.child_timeout": row(
    whole(0, 86_400, "seconds"),
    1_800,
    "A subagent that has not ended after this long is stopped, and its request goes on with what it had; 0: never.",
    { ...next, aliases: ["delegation.child_timeout_seconds"] },
  ),
  "tool_loop_guardrails.loop_caps.subagents": row(
    whole(1, 1_000, "subagents"),
    50,
    "How many subagents one request may begin, those that its subagents begin included.",
    next,
  ),
};
