import type { Action, CommandClass, Policy } from "../../core/approval.ts";

/**
 * - `run`: nobody is asked.
 * - `net`: asked where a container reaches everything; one that reaches nothing or a list may go on.
 * - `out`: asked where a container reaches anything at all.
 * - `ask`: a person is asked, or the model in smart mode; `off` and what was allowed for good let it through.
 * - `must`: a person is asked in every mode, each time.
 * - `never`: does not run.
 */
type Cell = "run" | "net" | "out" | "ask" | "must" | "never";
type Row = readonly [docker: Cell, virtual: Cell, ssh: Cell, local: Cell, member: Cell, shared: Cell];

/**
 * The policy. The first four columns say where it would run; the last two what holds at least, on ssh and local, for one who is neither
 * owner nor admin, and in a chat that several people read. A container's walls hold, so in it only what reaches out of it is asked for.
 */
const table: Readonly<Record<CommandClass, Row>> = {
  //              docker  virtual ssh      local    member   shared
  delete_root: ["run", "run", "never", "never", "never", "never"],
  fork_bomb: ["run", "run", "never", "never", "never", "never"],
  format_disk: ["run", "run", "never", "never", "never", "never"],
  kill_agent: ["run", "run", "never", "never", "never", "never"],
  delete_tree: ["run", "run", "ask", "ask", "ask", "ask"],
  delete_many: ["run", "run", "ask", "ask", "ask", "ask"],
  permissions: ["run", "run", "ask", "ask", "ask", "ask"],
  system_write: ["run", "run", "ask", "ask", "must", "ask"],
  kernel: ["run", "run", "ask", "ask", "must", "must"],
  ssh_keys: ["run", "run", "must", "must", "must", "must"],
  secrets_write: ["run", "run", "must", "must", "must", "must"],
  credentials: ["run", "run", "ask", "ask", "must", "never"],
  instructions: ["ask", "ask", "must", "must", "must", "must"],
  outside_write: ["run", "run", "ask", "ask", "must", "ask"],
  database: ["run", "run", "ask", "ask", "must", "ask"],
  services: ["run", "run", "ask", "ask", "must", "ask"],
  power: ["run", "run", "must", "must", "never", "must"],
  kill_wide: ["run", "run", "ask", "ask", "ask", "ask"],
  firewall: ["run", "run", "must", "must", "must", "must"],
  users: ["run", "run", "must", "must", "never", "must"],
  persistence: ["run", "run", "ask", "ask", "must", "must"],
  history: ["run", "run", "must", "must", "must", "must"],
  privilege: ["run", "run", "ask", "ask", "must", "must"],
  remote_code: ["run", "run", "ask", "ask", "must", "ask"],
  hidden_code: ["run", "run", "ask", "ask", "must", "ask"],
  inline_code: ["run", "run", "ask", "ask", "ask", "ask"],
  install: ["run", "run", "ask", "ask", "ask", "ask"],
  network: ["net", "run", "ask", "ask", "ask", "ask"],
  upload: ["out", "run", "ask", "ask", "must", "ask"],
  tunnel: ["out", "run", "must", "must", "never", "must"],
  git_rewrite: ["run", "run", "ask", "ask", "ask", "ask"],
  containers: ["run", "run", "ask", "ask", "must", "ask"],
  cloud: ["out", "run", "ask", "ask", "must", "ask"],
  send: ["ask", "ask", "ask", "ask", "ask", "ask"],
  mcp: ["ask", "ask", "ask", "ask", "ask", "ask"],
  unparsable: ["run", "run", "must", "must", "must", "must"],
};

/** What the table says of a class found in an action. */
export function ruled(label: CommandClass, action: Action, network: Policy["network"]): Decision {
  const [docker, virtual, ssh, local, member, shared] = table[label];
  const where = { docker, virtual, ssh, local }[action.backend];
  const walled = action.backend === "virtual" || action.backend === "docker";
  const cells = [
    where,
    ...(walled || !isPlain(action) ? [] : [member]),
    ...(walled || action.chat === "private" ? [] : [shared]),
  ];
  return strictest(cells.map((cell) => settled(cell, network)));
}

/** A cell once it is known what the network reaches. */
export type Decision = "run" | "ask" | "must" | "never";

const order: readonly Decision[] = ["run", "ask", "must", "never"];

/** The strictest of several decisions. */
export function strictest(decisions: readonly Decision[]): Decision {
  return order[Math.max(0, ...decisions.map((each) => order.indexOf(each)))] ?? "never";
}

function isPlain({ role }: Action): boolean {
  return role !== "owner" && role !== "admin";
}

function settled(cell: Cell, network: Policy["network"]): Decision {
  if (cell === "net") return network === "full" ? "ask" : "run";
  if (cell === "out") return network === "none" ? "run" : "ask";
  return cell;
}
