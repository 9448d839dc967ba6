import { createHash } from "node:crypto";
import type { Action, Policy } from "../../core/approval.ts";

/** What an approval is bound to besides the action itself. */
export interface Bound {
  /** The sandbox's image, or the machine's name. */
  readonly image: string;
  readonly envNames: readonly string[];
  /** The policy in force, from `policyStamp`. */
  readonly policy: string;
}

/** An action's fingerprint: what was approved runs only while every part of it is the same. */
export function digestOf(action: Action, { image, envNames, policy }: Bound): string {
  const { tool, command, language, workdir, backend, kind, person, role, session, chat } = action;
  return hash([
    "action 1",
    tool,
    command,
    language,
    workdir,
    backend,
    kind,
    person,
    role,
    session,
    chat,
    image,
    envNames.toSorted(),
    policy,
  ]);
}

/** A policy's fingerprint: what was asked under another policy is asked again. Allowances don't count, for they come and go. */
export function policyStamp({ mode, deny, network }: Policy): string {
  return hash(["policy 1", mode, deny, network]);
}

function hash(parts: readonly unknown[]): string {
  // JSON keeps the parts apart, so that none can pass for two others.
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
