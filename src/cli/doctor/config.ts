import type { Finding } from "../../config/findings.ts";
import { applyMigration, planMigration } from "../../config/migrate.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

/** What the configuration's own check says, and whether its keys are this version's. */
export async function checkConfig({ context: { home }, loaded: { findings } }: CheckInput): Promise<CheckResult[]> {
  const told = findings.filter(({ key }) => key !== "access.open");
  const found = told.length === 0 ? [ok("config.error", "No finding.")] : told.map(asResult);
  const plan = await planMigration(home).catch(() => null);
  if (plan === null || plan.changes.length === 0) return found;
  const text = `${plan.changes.slice(0, most).join("; ")}${plan.changes.length > most ? "; and more" : ""}.`;
  const run = async (): Promise<string> => {
    const copies = await applyMigration(home);
    return `Brought to this version's keys. As it was: ${copies.join(", ")}.`;
  };
  const fix = { does: "write the keys as this version does", run };
  return [...found, { ...ok("config.spelling", `To be written as now: ${text}`), mend: "`hermes config migrate` does it.", fix }];
}

const most = 3;

/** Strangers being let in is a risk, and told there. */
function asResult({ severity, message, mend }: Finding): CheckResult {
  return severity === "error" ? fail("config.error", message, mend) : warn("config.warning", message, mend);
}
