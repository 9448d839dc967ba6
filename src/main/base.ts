import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { platforms } from "../../adapters/registry.ts";
import { deliveryQueue, wakeDeliveries } from "../../workers/asking.ts";
import { turnQueue } from "../../workers/turn-parts.ts";
import { every, openSweeps, type Sweeps, upkeepTimes } from "../../workers/upkeep.ts";
import * as commandRegistry from "../commands/index.ts";
import type { Environment } from "../config/home.ts";
import type { Config } from "../config/keys.ts";
import { chatKey, type ChatRef } from "../core/chats.ts";
import type { Command } from "../core/command.ts";
import { Failure } from "../core/failures.ts";
import { followConfig, type LiveConfig, stepMs } from "../config/live.ts";
import type { Models } from "../core/model.ts";
import { openModels } from "../model/models.ts";
import type { Live } from "../core/live.ts";
import type { Log } from "../core/log.ts";
import type { Queues } from "../core/queue.ts";
import { control } from "../gateway/control.ts";
import { type ControlHandler, type ControlRequest, serveControl } from "../gateway/control-socket.ts";
import type { Visit } from "../gateway/visit.ts";
import { chatCommand, type TerminalHears } from "../core/terminal.ts";
import type { SkillDesk } from "../gateway/skills/call.ts";
import { openMetrics, type OpenMetrics } from "../insights/metrics.ts";
import { openLive } from "../live/index.ts";
import { openQueues, type QueueOptions } from "../queue/index.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { leanWasm } from "../store/lean-wasm.ts";
import { versionSetting } from "../store/migrate.ts";
import { migrations } from "../store/migrations/index.ts";
import { addOutbound } from "../store/outbox.ts";
import { putSetting } from "../store/settings.ts";
import { dropAllLeases } from "../store/sessions.ts";
import { upgrade } from "../store/upgrade.ts";
import { beat, leaveWorkers } from "../store/workers.ts";
import { skillDesk } from "./skills.ts";
import { stopAsked } from "./stop-asked.ts";
import { scheduleDesk } from "./schedules.ts";
import { alarmLimits } from "./alarm-limits.ts";
import { memoryRules } from "./memory-rules.ts";
import { modelSettings } from "./model-settings.ts";

/** What one process runs: everything, the platforms only, the turns only, or everything for one terminal and no other platform. */
export type Mode = "all" | "gateway" | "worker" | "chat";

/** How often the embedded record is vacuumed: well before a busy day's rows slow anything down. */
const vacuumMs = 900_000;

/** Everything that both sides of a process share. */
export interface Base {
  readonly mode: Mode;
  /** As it was at the start. */
  readonly config: Config;
  /** The variables that the process was started with. */
  readonly env: Environment;
  /** As its files are now, for what takes effect at its next use. */
  readonly follow: LiveConfig;
  readonly log: Log;
  readonly metrics: OpenMetrics;
  readonly database: Database;
  readonly queues: Queues;
  readonly sweeps: Sweeps;
  readonly live: Live;
  readonly models: Models;
  readonly holder: string;
  readonly version: string;
  readonly stack: AsyncDisposableStack;
  /** The local page's address with its token, once it is there. */
  readonly page: { current: string | null };
  /** Who talks with those that come over the home's socket; null as long as nobody does. */
  readonly host: { current: ((call: string, visit: Visit) => void) | null };
}

export const localPlatforms = platforms.filter((platform) => platform.local).map((platform) => platform.name);
export const commands: readonly Command[] = Object.values(commandRegistry);

export async function openBase(
  mode: Mode,
  { config, env }: { readonly config: Config; readonly env: Environment },
  log: Log,
  stack: AsyncDisposableStack,
): Promise<Base> {
  const { redisUrl, stateUrl } = config;
  const alone = mode === "all" || mode === "chat";
  if (!alone && (redisUrl === null || stateUrl === null)) throw needsServers(mode);
  const metrics = openMetrics();
  stack.defer(() => metrics.close());
  const handler: { current: ControlHandler | null } = { current: null };
  const host: Base["host"] = { current: null };
  if (alone) {
    const handle: ControlHandler["handle"] = async (request) =>
      request.command === "stop" ? stopAsked(mode) : await answer(handler.current, request);
    const socket = await serveControl(config.home, {
      handle,
      talks: mode === "chat",
      receive: (request, visit) => welcome(host, request, visit),
    });
    stack.defer(() => socket.close());
  }
  leanWasm();
  const database = await openDatabase({ url: stateUrl, directory: join(config.home, "data"), log });
  stack.defer(() => database.close());
  await upgrade(database, migrations, log);
  await putSetting(database.db, versionSetting, await version());
  // The embedded record belongs to this process: whoever held a lease in it is gone.
  if (database.kind === "embedded") {
    await dropAllLeases(database.db);
    // The embedded engine has no vacuum of its own, and the queue's rows come and go.
    const vacuuming = every("vacuum", vacuumMs, log, async () => void (await database.pool.query("vacuum")), "later");
    stack.defer(() => vacuuming.close());
  }
  const backend: QueueOptions["backend"] =
    redisUrl === null
      ? { kind: "postgres", pool: database.pool, workerPool: database.queuePool, exclusive: database.kind === "embedded" }
      : { kind: "redis", url: redisUrl };
  const queues = await openQueues({ backend, prefix: "hermes", log });
  stack.defer(() => queues.close());
  const sweeps = openSweeps(database.db, log);
  stack.defer(() => sweeps.close());
  const live = openLive(redisUrl === null ? { kind: "local", log } : { kind: "redis", url: redisUrl, prefix: "hermes", log });
  stack.defer(() => live.close());
  const follow = await followConfig(config, env, log);
  const holder = randomUUID();
  const workers = mode !== "gateway" && database.kind !== "embedded" ? await countWorkers(database, holder, log, stack) : () => 1;
  const models = openModels({ settings: async () => modelSettings(await follow.refresh(stepMs)), demo: true, log, workers });
  stack.defer(() => models.close());
  const parts = { mode, config, env, follow, log, metrics, database, queues, sweeps, live, models };
  const base = { ...parts, holder, version: await version(), stack, host, page: { current: null } };
  handler.current = controlHandler(base);
  return base;
}

/** Says every few seconds that this worker lives, and how many do: they share the model servers' places. */
async function countWorkers({ db }: Database, worker: string, log: Log, stack: AsyncDisposableStack): Promise<() => number> {
  let alive = await beat(db, worker);
  const beating = every("worker beat", upkeepTimes.beatMs, log, async () => void (alive = await beat(db, worker)), "later");
  stack.defer(async () => {
    await beating.close();
    await leaveWorkers(db, worker);
  });
  return () => alive;
}

/** True: it is a terminal's call, and has been seen to. */
function welcome({ current }: Base["host"], { command, args }: ControlRequest, visit: Visit): boolean {
  if (command !== chatCommand) return false;
  if (current !== null) {
    current(args[0] ?? "", visit);
  } else {
    visit.say({ type: "refused", id: null, why: "The service is still starting.", again: true } satisfies TerminalHears);
    visit.leave();
  }
  return true;
}

async function answer(
  handler: ControlHandler | null,
  request: Parameters<ControlHandler["handle"]>[0],
): ReturnType<ControlHandler["handle"]> {
  return handler ? await handler.handle(request) : { ok: false, text: "The service is still starting. Try again in a moment." };
}

function controlHandler(base: Base): ControlHandler {
  const service = async () => {
    const { version, page, mode } = base;
    const about = { version, pid: process.pid, upSeconds: Math.round(process.uptime()), page: page.current };
    return mode === "chat" ? { ...about, talk: true as const } : about;
  };
  const tell = (key: string, notice: { chat: ChatRef; markdown: string }) => putOut(base, key, notice.chat, notice.markdown);
  return {
    handle: ({ command, args }) =>
      control(
        {
          db: base.database.db,
          localPlatforms,
          skills: baseDesk(base),
          schedules: scheduleDesk(base),
          memory: memoryRules(base.config),
          limits: alarmLimits(base.follow.current),
          language: base.config.display.language,
          tell,
          service,
          requeue: (sessions, chats) => requeue(base, sessions, chats),
        },
        command,
        args,
      ),
  };
}

/** A job of theirs that hangs is no reason not to make another: what a job finds nothing to do for is over at once. */
async function requeue({ queues, log }: Base, sessions: readonly string[], chats: readonly string[]): Promise<void> {
  for (const session of sessions) await queues.queue(turnQueue).sweep(session, randomUUID());
  await wakeDeliveries({ queues, log }, chats);
}

/** Where skills are looked after. */
export function baseDesk({ database, queues, log, follow }: Pick<Base, "database" | "queues" | "log" | "follow">): SkillDesk {
  const wake = (chats: readonly string[]) => wakeDeliveries({ queues, log }, chats);
  return skillDesk({ db: database.db, config: () => follow.refresh(), wake });
}

async function putOut(base: Base, key: string, chat: ChatRef, markdown: string): Promise<void> {
  await addOutbound(base.database.db, { key, chat, turn: null, body: { markdown, replyTo: null } });
  await base.queues.queue(deliveryQueue(chat.platform)).wake(chatKey(chat));
}

function needsServers(mode: Mode): Failure {
  return new Failure("config.invalid", `hermes ${mode} needs both REDIS_URL and DATABASE_URL`, {
    advice: "Set both, or run everything in one process with: hermes start",
  });
}

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}
