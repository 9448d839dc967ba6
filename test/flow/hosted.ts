import { join } from "node:path";
import { findingLine } from "../../src/config/findings.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Log } from "../../src/core/log.ts";
import { openLog } from "../../src/insights/log.ts";
import { openService } from "../../src/main.ts";
import { environmentOf, listening, type ProcessOptions, type Running } from "./service.ts";

type Hosted = Pick<ProcessOptions, "home" | "env"> & {
  /** Everything unless given. */
  readonly mode?: "gateway" | "worker";
};

/**
 * What `hermes start` runs, within the test's process. All of its parts are loaded and warm from the second one on: a start is a third of
 * that of a process of its own, an answer a half. It can't be killed, and doesn't read a command line.
 */
export async function hostHermes(options: Hosted): Promise<Running> {
  const env = environmentOf(options);
  const { config, findings } = await loadConfig({ env, home: options.home });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const heard = listening(ended);
  const file = await openLog({ directory: join(config.home, "logs"), level: config.logging.level, pretty: false, console: null });
  const log = told(file, heard.take);
  for (const finding of findings) log.warn({ key: finding.key }, findingLine(finding));
  const stop = async (): Promise<void> => {
    await file.close();
    end();
  };
  try {
    // Turns that a test leaves running have no time of their own when it ends.
    const brief = { ...config, agent: { ...config.agent, drainTimeout: 0 } };
    const service = await openService(options.mode ?? "all", brief, log, env);
    if (service.page !== null) heard.take(`Hermes is ready. Open ${service.page}\n`);
    const { model, server, sandbox } = await service.facts();
    log.info({}, `model: ${model} at ${server}; sandbox: ${sandbox}`);
    const close = async (): Promise<void> => {
      await service.close();
      await stop();
    };
    let closing: Promise<void> | undefined;
    return { output: heard.output, printed: heard.printed, [Symbol.asyncDispose]: () => (closing ??= close()) };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** The log, also told to whoever waits for a line of it. */
function told(log: Log, take: (line: string) => void): Log {
  const at = (level: keyof Log) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    log[level](fields, message);
    take(`${JSON.stringify({ level, ...fields, msg: message })}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
