import { join } from "node:path";
import { findingLine } from "../config/findings.ts";
import { loadConfig } from "../config/load.ts";
import { openLog } from "../insights/log.ts";
import type { Context, Mode } from "./context.ts";

/** Runs the service until SIGTERM or SIGINT, then drains it; a second signal leaves at once. */
export async function serve(mode: Mode, context: Context): Promise<void> {
  const { config, findings } = await loadConfig({ env: context.env, home: context.home });
  const pretty = process.stderr.isTTY || context.env["npm_lifecycle_event"] !== undefined;
  const log = await openLog({ directory: join(config.home, "logs"), level: config.logging.level, pretty });
  for (const finding of findings) {
    log[finding.severity === "error" ? "error" : "warn"]({ key: finding.key }, findingLine(finding));
  }
  const signalled = untilSignalled();
  try {
    const product = await context.product();
    const service = await product.openService(mode, config, log, context.env);
    if (service.page !== null) context.print(`Hermes is ready. Open ${service.page}`);
    const { model, server, sandbox } = await service.facts();
    log.info({}, `model: ${model} at ${server}; sandbox: ${sandbox}`);
    log.info({ signal: await signalled }, "stopping: running turns get their time, then others go on with them");
    await service.close();
  } finally {
    await log.close();
  }
}

async function untilSignalled(): Promise<NodeJS.Signals> {
  return await new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}
