import { type Action, classLabels, type Finding, type Policy, type Verdict } from "../../core/approval.ts";
import { likeGlob } from "./globs.ts";
import { inspect, type Inspected } from "./inspect.ts";
import { absolute, isOutside, writeGuard } from "./paths.ts";
import { type Decision, ruled, strictest } from "./table.ts";

/** Whether an action may run, must be asked for, or never runs. Pure; never throws. */
export function judge(action: Action, policy: Policy): Verdict {
  const { findings, calls } = findingsOf(action, policy);
  if (action.role === "guest") return refused(findings, "Guests may not have anything done.");
  const denied = deniedBy(action, calls, policy);
  if (denied !== null)
    return refused(
      findings,
      `It fits \`${denied}\` of approvals.deny, and never runs. Do it another way, or say that you can't.`,
    );
  const decided = findings.map((finding) => ({ finding, decision: decide(finding, action, policy) }));
  const never = decided.filter(({ decision }) => decision === "never").map(({ finding }) => finding);
  if (never.length > 0)
    return refused(
      never,
      `It ${labels(never)}. That never runs here, and nobody can allow it. Do it another way, or say that you can't.`,
    );
  const open = decided.filter(({ decision }) => decision !== "run");
  if (open.length === 0) return { type: "run" };
  return question(action, policy, open);
}

interface Open {
  readonly finding: Finding;
  readonly decision: Decision;
}

function question(action: Action, policy: Policy, open: readonly Open[]): Verdict {
  const findings = open.map(({ finding }) => finding);
  const why = `It ${labels(findings)}.`;
  if (!action.attended)
    return refused(
      findings,
      `${why} That needs a person's approval, and nobody is there to ask. Do it another way, or report that it must be approved.`,
    );
  const level = strictest(open.map(({ decision }) => decision));
  if (level === "ask" && policy.mode === "smart") return { type: "smart", findings };
  return { type: "ask", findings, why, lasting: level === "ask" };
}

/** What the table, the mode and the allowances come to. */
function decide(finding: Finding, action: Action, policy: Policy): Decision {
  const walled = action.backend === "virtual" || action.backend === "docker";
  if (finding.floor && !walled) return "never";
  const decision = ruled(finding.class, action, policy.network);
  if (decision !== "ask") return decision;
  return policy.mode === "off" || isAllowed(finding, action, policy) ? "run" : "ask";
}

function isAllowed(finding: Finding, action: Action, { allowances }: Policy): boolean {
  return allowances.some(
    ({ class: label, person, session, backend }) =>
      label === finding.class &&
      (person === null || person === action.person) &&
      (session === null || session === action.session) &&
      (backend === null || backend === action.backend),
  );
}

function findingsOf(action: Action, { home }: Policy): Inspected {
  const { kind, command, workdir, workspace } = action;
  if (kind === "run") return inspect(command, action.language, workdir, home, workspace);
  if (kind === "send") return { findings: [{ class: "send", what: command, floor: false }], calls: [] };
  if (kind === "call") return { findings: [{ class: "mcp", what: command, floor: false }], calls: [] };
  const path = absolute(workdir, command);
  const guard = writeGuard(path, home);
  const outside = isOutside(path, workspace) ? { class: "outside_write" as const, floor: false } : null;
  const found = [guard, outside].filter((each) => each !== null);
  return { findings: found.map((each) => ({ ...each, what: path })), calls: [] };
}

function deniedBy({ command }: Action, calls: readonly string[], { deny }: Policy): string | null {
  if (deny.length === 0) return null;
  const texts = [command.slice(0, 20_000), ...calls].map(plain);
  return deny.find((glob) => texts.some(likeGlob(plain(glob)))) ?? null;
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().toLowerCase();
}

function labels(findings: readonly Finding[]): string {
  const said = [...new Set(findings.map((each) => classLabels[each.class]))].slice(0, 4);
  return said.length < 2 ? said.join("") : `${said.slice(0, -1).join(", ")} and ${said.at(-1)}`;
}

function refused(findings: readonly Finding[], message: string): Verdict {
  return { type: "refuse", findings, message };
}
