import { loadConfig } from "../config/load.ts";
import { redact } from "../core/redact.ts";
import { type Define, exits } from "./context.ts";
import type { Check, CheckInput, CheckResult } from "./check.ts";
import { checks } from "./checks.ts";
import { fitted } from "./tool-width.ts";

/** `hermes doctor`: one line for each part, with the mend of each fault. */
export const define: Define = (command, context) => {
  command.option("--quick", "leave out what takes a minute: the probe of the model's tool calls");
  command.option("--full", "ask the model a hundred tool calls rather than twenty");
  command.action(async ({ quick = false, full = false }: { readonly quick?: boolean; readonly full?: boolean }) => {
    const loaded = await loadConfig({ env: context.env, home: context.home });
    let failed = 0;
    for (const check of checks) {
      for (const result of await attempt(check, { context, loaded, asked: { quick, full } })) {
        for (const each of fitted(context, line(check.name, result), indent)) context.print(each);
        if (result.state === "fail") failed += 1;
      }
    }
    context.print(failed === 0 ? "All is well." : `${failed} ${failed === 1 ? "fault" : "faults"}.`);
    if (failed > 0) context.exit(exits.failure);
  });
};

async function attempt(check: Check, input: CheckInput): Promise<readonly CheckResult[]> {
  try {
    return await check.run(input);
  } catch (thrown) {
    const advice = thrown instanceof Error && "advice" in thrown && typeof thrown.advice === "string" ? thrown.advice : "";
    return [{ state: "fail", text: thrown instanceof Error ? thrown.message : String(thrown), mend: advice }];
  }
}

/** Where a result's words begin: behind its state and its part's name. */
const indent = 16;

function line(name: string, { state, text, mend }: CheckResult): string {
  const told = `${state.padEnd(4)}  ${name.padEnd(9)} ${text}`;
  return redact(mend === "" ? told : `${told} → ${mend}`);
}
