import { applyMigration, planMigration } from "../../config/migrate.ts";
import type { Context } from "../context.ts";

/** How `hermes config migrate` is asked for. */
export interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Brings an older home, or the original's, to the keys of this version: shows what would change first, and keeps copies. */
export async function migrate(context: Context, { dryRun = false, yes = false }: MigrateOptions): Promise<void> {
  const plan = await planMigration(context.home);
  for (const line of plan.changes) context.print(`  ${line}`);
  if (plan.left.length > 0) context.print(`Left as they are, without effect here: ${plan.left.join(", ")}.`);
  if (plan.byHand.length > 0) context.print(`Left in config.yaml, to be moved by hand: ${plan.byHand.join(", ")}.`);
  if (plan.changes.length === 0 && plan.byHand.length > 0) return;
  if (plan.changes.length === 0) return context.print("Nothing is to be done: all keys are this version's.");
  if (dryRun) return context.print("Nothing was changed: this was a dry run.");
  if (!yes && !(await agreed(context))) return context.print("Nothing was changed. `hermes config migrate --yes` does it.");
  const copies = await applyMigration(context.home);
  context.print(`Done. As it was: ${copies.join(", ")}.`);
}

async function agreed({ ask }: Context): Promise<boolean> {
  return ask !== null && /^y(?:es)?$/i.test(await ask("Change it so? [y/N] "));
}
