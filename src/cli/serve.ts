import { findingLine } from "../config/findings.ts";
import { loadConfig } from "../config/load.ts";
import { asFailure } from "../core/failures.ts";
import { type OpenLog, openLog } from "../insights/log.ts";
import { logOptions } from "../main/log-options.ts";
import { type Context, exits, statusOf } from "./context.ts";
import { logNames, readyLine, type ServiceMode } from "./service/plan.ts";

export interface ServeOptions {
  /** Print nothing: the log's file has it all. */
  readonly quiet?: boolean;
}

/** Runs the service until SIGTERM or SIGINT, then drains it; a second signal leaves at once. */
export async function serve(mode: ServiceMode, context: Context, { quiet = false }: ServeOptions = {}): Promise<void> {
  const { config, findings } = await loadConfig({ env: context.env, home: context.home });
  const log = await openLog({
    ...logOptions(config),
    name: logNames[mode],
    pretty: forPeople(context),
    ...(quiet ? { console: null } : {}),
  });
  for (const finding of findings) {
    log[finding.severity === "error" ? "error" : "warn"]({ key: finding.key }, findingLine(finding));
  }
  using _watch = watchForTheUnexpected(log);
  const signalled = untilSignalled();
  try {
    const product = await context.product();
    const service = await product.openService(mode, config, log, context.env);
    if (service.page !== null && !quiet)
      context.print(`Hermes is ready. Open ${atJournal(context) ? withoutToken(service.page) : service.page}`);
    // Whoever started it in the background waits for this; so do process managers such as pm2.
    // It may be gone by now: an error that nobody takes would end this process.
    if (process.connected) process.send?.("ready", undefined, undefined, () => undefined);
    const { model, server, sandbox } = await service.facts();
    log.info({}, `${readyLine}${model} at ${server}; sandbox: ${sandbox}`);
    log.info({ signal: await signalled }, "stopping: running turns get their time, then others go on with them");
    await service.close();
    log.info({}, "stopped");
  } catch (thrown) {
    const failure = asFailure(thrown);
    // At the terminal whoever typed the command says it.
    log.toFile(
      { code: failure.code, error: failure },
      `not started: ${[failure.message, failure.advice ?? ""].join(" ").trim()}`,
    );
    if (!endsForGood(context, statusOf(failure))) throw thrown;
    context.remark(`hermes: ${failure.message} ${failure.advice ?? ""}`);
  } finally {
    await log.close();
  }
}

/** A terminal, also one behind npm; and systemd's journal, whose readers are people. */
function forPeople(context: Context): boolean {
  return process.stderr.isTTY || context.env["npm_lifecycle_event"] !== undefined || atJournal(context);
}

function atJournal({ env }: Context): boolean {
  return env["JOURNAL_STREAM"] !== undefined && !process.stderr.isTTY;
}

/** The journal is read by others, too. */
function withoutToken(page: string): string {
  return `${page.split(/[?#]/, 1)[0]} with the token that \`hermes status\` shows`;
}

/** launchd knows one status only that it does not start again after: 0. */
function endsForGood({ env }: Context, status: number): boolean {
  return env["XPC_SERVICE_NAME"]?.startsWith("hermes-team") === true && (status === exits.config || status === exits.held);
}

/** What nothing caught ends the process, as Node has it; here it leaves a line in the log first. */
function watchForTheUnexpected(log: OpenLog): Disposable {
  const onError = (error: unknown): void => {
    log.error({ error }, "an error that nothing caught ends this process");
    void log.close().then(() => process.exit(exits.failure));
  };
  process.on("uncaughtException", onError);
  return { [Symbol.dispose]: () => void process.off("uncaughtException", onError) };
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
