import type { Action, Finding, Policy, Verdict } from "../core/approval.ts";

/** What the policy says of an action. Its parser of shell text comes with the first one: forty files that an idle service has no use for. */
export async function judged(action: Action, policy: Policy): Promise<Verdict> {
  const { judge } = await import("./policy/judge.ts");
  return judge(action, policy);
}

/** What a program of a skill would do, wherever it is put, by the same parser. */
export async function inspected(text: string, language: "shell" | "python"): Promise<readonly Finding[]> {
  const { inspect } = await import("./policy/inspect.ts");
  return inspect(text, language, "/workspace", "/home/hermes", "/workspace").findings;
}
