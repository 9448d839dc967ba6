import { existsSync } from "node:fs";
import { type CheckInput, type CheckResult, ok, warn } from "./check.ts";

/** Settings that work, and that one should have chosen on purpose. */
export async function checkRisks({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const { terminal, approvals, http, access } = config;
  const found = [
    ...(terminal.backend === "local" ? [local] : []),
    ...(approvals.mode === "off" ? [unasked] : []),
    ...(isLoopback(http.host) ? [] : [seen(http.host)]),
    ...(access.open ? [open] : []),
  ];
  return found.length > 0 ? found : [ok("risk.local", "No risky setting.")];
}

const local = warn(
  "risk.local",
  "terminal.backend is local: whoever may speak to the agent has your account on this machine.",
  "`hermes config set terminal.backend docker` puts walls around commands.",
);
const unasked = warn(
  "risk.approvals",
  "approvals.mode is off: nobody is asked before dangerous commands.",
  "`hermes config set approvals.mode smart` asks for those alone.",
);
const open = warn(
  "risk.open",
  "access.open is on: anyone who finds the bot can use it, its sandboxes and the model.",
  "`hermes config set access.open false`; let people in with pairing codes.",
);

function seen(host: string): CheckResult {
  if (existsSync("/.dockerenv"))
    return ok("risk.page", `http.host is ${host}, in a container: who reaches the page is said by its published ports.`);
  const text = `http.host is ${host}: other machines reach the page, and only its token keeps them out.`;
  return warn("risk.page", text, "`hermes config set http.host 127.0.0.1`, or a proxy with TLS in front.");
}

/** Whether only this machine reaches what listens there. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
