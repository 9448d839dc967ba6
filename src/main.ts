import { join } from "node:path";
import type { Environment } from "./config/home.ts";
import type { Config } from "./config/keys.ts";
import { loadConfig } from "./config/load.ts";
import type { ChatRef } from "./core/chats.ts";
import type { Log } from "./core/log.ts";
import { control } from "./gateway/control.ts";
import type { ControlHandler } from "./gateway/control-socket.ts";
import { storedFacts } from "./gateway/facts.ts";
import type { StandingFacts } from "./gateway/parts.ts";
import { openLog } from "./insights/log.ts";
import { openDatabase } from "./store/database.ts";
import { migrations } from "./store/migrations/index.ts";
import { addOutbound } from "./store/outbox.ts";
import { missingMigrations, upgrade } from "./store/upgrade.ts";
import { type Mode, localPlatforms, openBase } from "./main/base.ts";
import { tellOfSilence } from "./main/default-model.ts";
import { alarmLimits } from "./main/alarm-limits.ts";
import { startAlarms } from "./main/alarms.ts";
import { logOptions } from "./main/log-options.ts";
import { memoryRules } from "./main/memory-rules.ts";
import { openGatewaySide } from "./main/gateway.ts";
import { scheduleRules } from "./main/schedules.ts";
import { skillDesk } from "./main/skills.ts";
import { openWorkerSide, startTurns, workerFacts } from "./main/worker.ts";

export { tryMcp } from "./main/mcp.ts";
export type { Mode } from "./main/base.ts";

/** A running process's parts. `close` drains: no new turns, running ones get their time, answers that are ready go out. */
export interface Service {
  /** The local page's address with its token; null in a worker. */
  readonly page: string | null;
  readonly facts: () => Promise<StandingFacts>;
  close(): Promise<void>;
}

/** Builds the real parts and starts them. Rejects with a `Failure` that says what to mend; then nothing is left running. */
export async function openService(mode: Mode, config: Config, log: Log, env: Environment): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const base = await openBase(mode, { config, env }, log, stack);
  const worker = mode === "gateway" ? null : openWorkerSide(base);
  const facts = worker ? () => workerFacts(worker) : () => storedFacts(base.database.db);
  const [page] = await Promise.all([
    mode === "worker" ? null : openGatewaySide(base, facts).then((address) => (base.page.current = address)),
    worker ? startTurns(base, worker) : null,
  ]);
  if (worker) tellOfSilence(base);
  if (mode !== "worker") startAlarms(base);
  const open = stack.move();
  return { page, facts, close: () => open.disposeAsync() };
}

/** Everything for a terminal, and no other platform, in this process; what it logs goes into files. */
export async function openForTerminal(home: string, env: Environment): Promise<{ close(): Promise<void> }> {
  const { config } = await loadConfig({ env, home });
  const log = await openLog({ ...logOptions(config), pretty: true, console: null });
  try {
    const service = await openService("chat", config, log, env);
    return {
      async close() {
        await service.close();
        await log.close();
      },
    };
  } catch (thrown) {
    await log.close();
    throw thrown;
  }
}

/** The record, opened in a command's own process. */
export interface OfflineRecord extends ControlHandler {
  /** The migrations that were missing when it was opened. */
  readonly pending: readonly string[];
  /** The record as it was before they were applied; null where no copy was made. */
  readonly copy: string | null;
  close(): Promise<void>;
}

/** Opens the record in this process, for commands typed while no service runs; its tables are brought up to date unless it is only looked at. */
export async function openOffline(config: Config, { migrating = true } = {}): Promise<OfflineRecord> {
  await using opened = new AsyncDisposableStack();
  const log = await openLog({ ...logOptions(config), pretty: true, console: null });
  opened.defer(() => log.close());
  const database = await openDatabase({ url: config.stateUrl, directory: join(config.home, "data"), log });
  opened.defer(() => database.close());
  const { applied: pending, copy } = migrating
    ? await upgrade(database, migrations, log)
    : { applied: await missingMigrations(database, migrations), copy: null };
  const tell = async (key: string, notice: { chat: ChatRef; markdown: string }) =>
    await addOutbound(database.db, { key, chat: notice.chat, turn: null, body: { markdown: notice.markdown, replyTo: null } });
  const skills = skillDesk({ db: database.db, config: async () => config, wake: async () => undefined });
  const schedules = { db: database.db, rules: async () => scheduleRules(config), wake: async () => undefined };
  const parts = {
    db: database.db,
    localPlatforms,
    skills,
    schedules,
    memory: memoryRules(config),
    limits: alarmLimits(config),
    language: config.display.language,
    tell,
    service: async () => null,
    requeue: null,
  };
  const open = opened.move();
  return { pending, copy, handle: ({ command, args }) => control(parts, command, args), close: () => open.disposeAsync() };
}
