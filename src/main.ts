import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { startPatiently } from "../adapters/patience.ts";
import type { Platform, PlatformParts } from "../adapters/platform.ts";
import { platforms } from "../adapters/registry.ts";
import { createView } from "../adapters/view.ts";
import { wording } from "../adapters/words.ts";
import { workDeliveries } from "../workers/deliveries.ts";
import { deliveryQueue, turnQueue, workTurns } from "../workers/turns.ts";
import { every, sweepDeliveries, sweepTurns, upkeepTimes } from "../workers/upkeep.ts";
import * as commandRegistry from "./commands/index.ts";
import type { Config } from "./config/keys.ts";
import type { Adapter, Inlet } from "./core/adapter.ts";
import { chatKey, type ChatRef } from "./core/chats.ts";
import { Failure } from "./core/failures.ts";
import type { Live } from "./core/live.ts";
import type { Log } from "./core/log.ts";
import type { Models } from "./core/model.ts";
import type { Queues } from "./core/queue.ts";
import type { Tool } from "./core/tool.ts";
import { control } from "./gateway/control.ts";
import { type ControlHandler, serveControl } from "./gateway/control-socket.ts";
import { storedFacts, storeFacts } from "./gateway/facts.ts";
import { createGateway } from "./gateway/inlet.ts";
import { pagePorts, pageToken } from "./gateway/page.ts";
import type { StandingFacts } from "./gateway/parts.ts";
import { openLog } from "./insights/log.ts";
import { openMetrics, type OpenMetrics } from "./insights/metrics.ts";
import { openLive } from "./live/index.ts";
import { openModels } from "./model/models.ts";
import { openQueues, type QueueOptions } from "./queue/index.ts";
import { type ChosenSandboxes, openSandboxes } from "./sandbox/index.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { migrate } from "./store/migrate.ts";
import { migrations } from "./store/migrations/index.ts";
import { addOutbound, deliveriesDue, keepPreview, previewOf } from "./store/outbox.ts";
import { dropAllLeases } from "./store/sessions.ts";
import { getSetting, putSetting } from "./store/settings.ts";
import { toolSpecs, tools } from "./tools/index.ts";

/** What one process runs: everything, the platforms only, or the turns only. */
export type Mode = "all" | "gateway" | "worker";

/** A running process's parts. `close` drains: no new turns, running ones get their time, answers that are ready go out. */
export interface Service {
  /** The local page's address with its token; null in a worker. */
  readonly page: string | null;
  readonly facts: () => Promise<StandingFacts>;
  close(): Promise<void>;
}

/** How often the embedded record is vacuumed: well before a busy day's rows slow anything down. */
const vacuumMs = 900_000;

/** Everything that both sides of a process share. */
interface Base {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: OpenMetrics;
  readonly database: Database;
  readonly queues: Queues;
  readonly live: Live;
  readonly holder: string;
  readonly version: string;
  readonly stack: AsyncDisposableStack;
}

/** What turns need, opened in this process. */
interface WorkerSide {
  readonly models: Models;
  readonly sandboxes: Promise<ChosenSandboxes>;
}

const localPlatforms = platforms.filter((platform) => platform.local).map((platform) => platform.name);
const commands = Object.values(commandRegistry);

/** Builds the real parts and starts them. Rejects with a `Failure` that says what to mend; then nothing is left running. */
export async function openService(mode: Mode, config: Config, log: Log): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const base = await openBase(mode, config, log, stack);
  const worker = mode === "gateway" ? null : openWorkerSide(base);
  const facts = worker ? () => workerFacts(worker) : () => storedFacts(base.database.db);
  const [page] = await Promise.all([
    mode === "worker" ? null : openGatewaySide(base, facts),
    worker ? startTurns(base, worker) : null,
  ]);
  const open = stack.move();
  return { page, facts, close: () => open.disposeAsync() };
}

/** Opens the record in this process, for commands typed while no service runs. */
export async function openOffline(config: Config): Promise<ControlHandler & { close(): Promise<void> }> {
  const log = await openLog({ directory: join(config.home, "logs"), level: config.logging.level, pretty: true, console: null });
  const database = await openDatabase({ url: config.stateUrl, directory: join(config.home, "data"), log });
  await migrate(database.db, migrations);
  const tell = async (key: string, notice: { chat: ChatRef; markdown: string }) =>
    await addOutbound(database.db, { key, chat: notice.chat, turn: null, body: { markdown: notice.markdown, replyTo: null } });
  const parts = { db: database.db, localPlatforms, tell, service: async () => [] };
  return {
    handle: ({ command, args }) => control(parts, command, args),
    async close() {
      await database.close();
      await log.close();
    },
  };
}

async function openBase(mode: Mode, config: Config, log: Log, stack: AsyncDisposableStack): Promise<Base> {
  const { redisUrl, stateUrl } = config;
  if (mode !== "all" && (redisUrl === null || stateUrl === null)) throw needsServers(mode);
  const metrics = openMetrics();
  stack.defer(() => metrics.close());
  const handler: { current: ControlHandler | null } = { current: null };
  if (mode === "all") {
    const socket = await serveControl(config.home, { handle: async (request) => await answer(handler.current, request) });
    stack.defer(() => socket.close());
  }
  const database = await openDatabase({ url: stateUrl, directory: join(config.home, "data"), log });
  stack.defer(() => database.close());
  await migrate(database.db, migrations);
  // The embedded record belongs to this process: whoever held a lease in it is gone.
  if (database.kind === "embedded") {
    await dropAllLeases(database.db);
    // The embedded engine has no vacuum of its own, and the queue's rows come and go.
    const vacuuming = every("vacuum", vacuumMs, log, async () => void (await database.pool.query("vacuum")), "later");
    stack.defer(() => vacuuming.close());
  }
  const backend: QueueOptions["backend"] =
    redisUrl === null
      ? { kind: "postgres", pool: database.pool, exclusive: database.kind === "embedded" }
      : { kind: "redis", url: redisUrl };
  const queues = await openQueues({ backend, prefix: "hermes", log });
  stack.defer(() => queues.close());
  const live = openLive(redisUrl === null ? { kind: "local", log } : { kind: "redis", url: redisUrl, prefix: "hermes", log });
  stack.defer(() => live.close());
  const base = { config, log, metrics, database, queues, live, holder: randomUUID(), version: await version(), stack };
  handler.current = controlHandler(base);
  return base;
}

async function answer(
  handler: ControlHandler | null,
  request: Parameters<ControlHandler["handle"]>[0],
): ReturnType<ControlHandler["handle"]> {
  return handler ? await handler.handle(request) : { ok: false, text: "The service is still starting. Try again in a moment." };
}

function controlHandler(base: Base): ControlHandler {
  const service = async () => [
    `Hermes Team ${base.version} is running, process ${process.pid}, up ${Math.round(process.uptime())} s.`,
  ];
  const tell = (key: string, notice: { chat: ChatRef; markdown: string }) => putOut(base, key, notice.chat, notice.markdown);
  return { handle: ({ command, args }) => control({ db: base.database.db, localPlatforms, tell, service }, command, args) };
}

async function putOut(base: Base, key: string, chat: ChatRef, markdown: string): Promise<void> {
  await addOutbound(base.database.db, { key, chat, turn: null, body: { markdown, replyTo: null } });
  await base.queues.queue(deliveryQueue(chat.platform)).wake(chatKey(chat));
}

/** Opens what turns need. The sandboxes are a promise: looking for an engine must not hold up the platforms. */
function openWorkerSide(base: Base): WorkerSide {
  const { config, log, stack } = base;
  const { model, terminal } = config;
  const models = openModels({
    baseUrl: model.baseUrl,
    apiKey: model.apiKey,
    model: model.default,
    probe: model.probe,
    demo: true,
    maxTokens: model.maxTokens,
    stallMs: model.stallTimeoutSeconds * 1_000,
    prefillMs: model.prefillTimeoutSeconds * 1_000,
    log,
  });
  stack.defer(() => models.close());
  const sandboxes = openSandboxes(terminal.backend, {
    image: terminal.dockerImage,
    cpus: terminal.containerCpu,
    memoryMb: terminal.containerMemory,
    pids: 256,
    diskMb: terminal.containerDisk,
    network: terminal.dockerNetwork ? "full" : "none",
    lifetimeMs: terminal.lifetimeSeconds * 1_000,
    dockerHost: terminal.dockerHost,
    home: config.home,
    directory: join(config.home, "data", "sandboxes"),
    log,
  });
  stack.defer(async () => (await sandboxes).close());
  return { models, sandboxes };
}

async function startTurns(base: Base, worker: WorkerSide): Promise<void> {
  const { config, database, queues, live, metrics, log, stack } = base;
  const sandboxes = await worker.sandboxes;
  const offered = offeredTools(config);
  const { db } = database;
  const settings = {
    concurrency: config.agent.workerConcurrency,
    maxSteps: config.agent.maxTurns,
    steer: config.display.busyInputMode === "steer",
    drainMs: config.agent.drainTimeout * 1_000,
    memory: memoryLimits(config),
    limits: { commandMs: config.terminal.timeout * 1_000, resultChars: resultChars },
  };
  const byName = new Map(offered.map((tool) => [tool.name, tool]));
  const specs = toolSpecs(offered, sandboxes.hint);
  const parts = { db, queues, live, models: worker.models, sandboxes, tools: byName, toolSpecs: specs, metrics, log, settings };
  const turns = await workTurns(parts, base.holder);
  stack.defer(() => turns.drain());
  const sweeping = every("turn sweep", upkeepTimes.sweepMs, log, () => sweepTurns(db, queues));
  const tend = async () => {
    await storeFacts(db, await workerFacts(worker));
    await sandboxes.reap();
  };
  const tending = every("worker upkeep", upkeepTimes.tendMs, log, tend);
  stack.defer(async () => void (await Promise.all([sweeping.close(), tending.close()])));
}

/** Longest tool result the model reads: about 5,000 tokens, as much as a window of 8K leaves room for. */
const resultChars = 20_000;

function memoryLimits(config: Config) {
  const { memoryEnabled, userProfileEnabled, memoryCharLimit, userCharLimit } = config.memory;
  return { memory: memoryEnabled ? memoryCharLimit : null, user: userProfileEnabled ? userCharLimit : null };
}

function offeredTools(config: Config): readonly Tool[] {
  const remembers = config.memory.memoryEnabled || config.memory.userProfileEnabled;
  return tools.filter((tool) => tool.name !== "memory" || remembers);
}

/** The platforms' side: gateway, adapters, views, deliveries. Resolves to the page's address once everything that can start has. */
async function openGatewaySide(base: Base, facts: () => Promise<StandingFacts>): Promise<string | null> {
  const { config, database, queues, live, metrics, log, stack } = base;
  const { db } = database;
  const adapters = new Map<string, Adapter>();
  const tell = async (chat: ChatRef, markdown: string) => {
    const adapter = adapters.get(chat.platform);
    for (const chunk of adapter?.render(markdown) ?? [])
      await adapter?.post(chat, chunk, { replyTo: null }).catch(() => undefined);
  };
  const names = { turns: turnQueue, deliveries: deliveryQueue };
  const access = { open: config.access.open, pairing: config.access.pairing, localPlatforms };
  const busy = config.display.busyInputMode;
  const gateway = createGateway({ db, queues, live, log, metrics, access, commands, busy, names, facts, tell });
  stack.defer(() => flushed(base, [...adapters.keys()]));
  const parts = await platformParts(base, facts, () => [...adapters.keys()]);
  await Promise.all(
    platforms
      .filter((platform) => platform.wanted(config))
      .map(async (platform) => {
        const adapter = await (await platform.load()).create(parts);
        adapters.set(platform.name, adapter);
        await openPlatform(base, platform, adapter, gateway);
      }),
  );
  stack.defer(() => gateway.settled());
  const sweeping = every("gateway sweep", upkeepTimes.sweepMs, log, async () => {
    await gateway.sweep([...adapters.keys()]);
    await sweepDeliveries(db, queues, [...adapters.keys()]);
  });
  stack.defer(() => sweeping.close());
  stack.defer(async () => void (await Promise.all([...adapters.values()].map((adapter) => adapter.pause()))));
  return [...adapters.values()].map((adapter) => adapter.address?.() ?? null).find((address) => address !== null) ?? null;
}

/** A platform's deliveries run from the start; receiving is tried until it works, unless it is the page, which must. */
async function openPlatform(base: Base, platform: Platform, adapter: Adapter, inlet: Inlet): Promise<void> {
  const { database, queues, live, metrics, log, stack } = base;
  const { db } = database;
  stack.defer(() => adapter.close());
  const previews = {
    keep: (turn: string, message: string) => keepPreview(db, turn, message),
    find: (turn: string) => previewOf(db, turn),
  };
  const view = await createView({ adapter, live, previews, metrics, log });
  stack.defer(() => view.close());
  const consumer = await workDeliveries({ db, queues, adapter, view, metrics, log }, base.holder);
  stack.defer(async () => {
    await consumer.drain();
    await consumer.close();
  });
  if (platform.local) return await adapter.start(inlet);
  const patience = await startPatiently(platform.name, adapter, inlet, log);
  stack.defer(async () => patience.cancel());
}

async function platformParts(
  base: Base,
  facts: () => Promise<StandingFacts>,
  names: () => readonly string[],
): Promise<PlatformParts> {
  const { config, database, queues, metrics, log, version } = base;
  const { db } = database;
  const settings = { get: (key: string) => getSetting(db, key), set: (key: string, value: string) => putSetting(db, key, value) };
  const token = await pageToken(db);
  const health = async () => ({ queue: await queues.health(), platforms: names() });
  const page = {
    token,
    ...pagePorts({ db, version, facts, platforms: names, health, wording, metrics: () => metrics.render() }),
  };
  return { config, commands, settings, page, log };
}

/** Waits, for a moment, until what is ready to be said has been: a clean stop leaves no answer behind. */
async function flushed(base: Base, names: readonly string[]): Promise<void> {
  const until = performance.now() + flushMs;
  while (performance.now() < until && (await deliveriesDue(base.database.db, names)) > 0) await setTimeout(flushLookMs);
}

const flushMs = 5_000;
const flushLookMs = 50;

async function workerFacts(worker: WorkerSide): Promise<StandingFacts> {
  const [model, sandboxes] = await Promise.all([worker.models.current(), worker.sandboxes]);
  return {
    model: model.name,
    server: model.server,
    demonstration: model.demonstration,
    sandbox: `${sandboxes.name}: ${sandboxes.why}`,
  };
}

function needsServers(mode: Mode): Failure {
  return new Failure("config.invalid", `hermes ${mode} needs both REDIS_URL and DATABASE_URL`, {
    advice: "Set both, or run everything in one process with: hermes start",
  });
}

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}
