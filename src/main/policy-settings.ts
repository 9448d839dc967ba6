import type { Config } from "../config/keys.ts";
import type { Allowance, Policy } from "../core/approval.ts";

/** What the configuration says of approvals. */
export interface ApprovalSettings {
  /** What decides over an action; what people allowed in chat is added to its allowances. */
  readonly policy: Policy;
  /** How long a question waits. */
  readonly timeoutMs: number;
  /** Whether the one who asked may not approve. */
  readonly fourEyes: boolean;
  /** How long the model of `auxiliary.approval` may take. */
  readonly judgeMs: number;
  /** The weakest role that may approve. */
  readonly least: "owner" | "admin" | "member";
  /** The sandbox's image, and the host where there is one: what was approved is bound to it. */
  readonly image: string;
  /** Names of variables that commands are given beside the usual ones: bound to as well. */
  readonly envNames: readonly string[];
}

/** Reads the configuration as it is now; `allowed` is what people allowed for good or for a session. */
export function approvalSettings(config: Config, allowed: readonly Allowance[]): ApprovalSettings {
  const { approvals, auxiliary, commandAllowlist, home, terminal } = config;
  const everybody = commandAllowlist.map((label) => ({ class: label, person: null, session: null, backend: null }));
  return {
    policy: {
      mode: approvals.mode,
      deny: approvals.deny,
      allowances: [...everybody, ...allowed],
      network: networkOf(terminal),
      home,
    },
    timeoutMs: approvals.timeout * 1_000,
    fourEyes: approvals.fourEyes,
    judgeMs: auxiliary.approval.timeout * 1_000,
    least: approvals.approvers,
    image: JSON.stringify([terminal.dockerImage, terminal.sshHost, terminal.sshPort, terminal.sshUser]),
    envNames: terminal.envPassthrough,
  };
}

/** What a container reaches. A list of hosts is never wider than everything: where there is one, it holds. */
export function networkOf({
  dockerNetwork,
  dockerNetworkAllow,
}: Pick<Config["terminal"], "dockerNetwork" | "dockerNetworkAllow">): Policy["network"] {
  if (dockerNetworkAllow.length > 0) return "allow";
  return dockerNetwork ? "full" : "none";
}
