import { setTimeout } from "node:timers/promises";
import { startPatiently } from "../../adapters/patience.ts";
import type { Platform, PlatformParts } from "../../adapters/platform.ts";
import { platforms } from "../../adapters/registry.ts";
import { createView } from "../../adapters/view.ts";
import { wording } from "../../adapters/words.ts";
import { workDeliveries } from "../../workers/deliveries.ts";
import { deliveryQueue } from "../../workers/asking.ts";
import { turnQueue } from "../../workers/turn-parts.ts";
import { every, sweepDeliveries } from "../../workers/upkeep.ts";
import { languageOfTurn } from "../commands/languages/chosen.ts";
import { languageOf, languages } from "../commands/languages/index.ts";
import { offeredCommands, withSkills } from "../commands/offered.ts";
import type { Config } from "../config/keys.ts";
import type { Adapter } from "../core/adapter.ts";
import { type ProgressMode, progressModes } from "../core/chat-settings.ts";
import type { ChatRef } from "../core/chats.ts";
import { chatSettings } from "../store/chat-settings.ts";
import { Failure } from "../core/failures.ts";
import type { ModelChoice } from "../core/model.ts";
import { createChannelNames } from "../gateway/channel-names.ts";
import { createGateway, type Gateway } from "../gateway/inlet.ts";
import { pagePorts, pageToken } from "../gateway/page.ts";
import { terminalPorts } from "../gateway/terminal.ts";
import { suggestArgument } from "../gateway/suggestions.ts";
import type { GatewayParts, StandingFacts } from "../gateway/parts.ts";
import { deliveriesDue, keepPreview, previewOf } from "../store/outbox.ts";
import { accountsOf } from "../store/people.ts";
import { listSkills } from "../store/skills.ts";
import { getSetting, putSetting } from "../store/settings.ts";
import { makeDefaultModel } from "./default-model.ts";
import { type Base, baseDesk, commands, localPlatforms } from "./base.ts";
import { alarmLimits } from "./alarm-limits.ts";
import { memoryRules } from "./memory-rules.ts";
import { scheduleDesk } from "./schedules.ts";
import { takeShifts } from "./shifts.ts";

/** How often it is looked which platform's channels may have new names; each is asked less often. */
const namesMs = 2_000;

/** The platforms' side: gateway, adapters, views, deliveries. Resolves to the page's address once everything that can start has. */
export async function openGatewaySide(base: Base, facts: () => Promise<StandingFacts>): Promise<string | null> {
  const { config, database, queues, live, metrics, log, stack } = base;
  const { db } = database;
  const adapters = new Map<string, Adapter>();
  /** Those that this gateway serves at present: what comes on others is another gateway's. */
  const serving = new Set<string>();
  const tell = async (chat: ChatRef, markdown: string) => {
    const adapter = adapters.get(chat.platform);
    for (const chunk of adapter?.render(markdown) ?? [])
      await adapter?.post(chat, chunk, { replyTo: null }).catch(() => undefined);
  };
  const names = { turns: turnQueue, deliveries: deliveryQueue };
  const access = { open: config.access.open, pairing: config.access.pairing, localPlatforms, allowed: allowedAccounts(config) };
  const busy = config.display.busyInputMode;
  const models = {
    listings: (signal: AbortSignal) => base.models.listings(signal),
    makeDefault: (choice: ModelChoice) => makeDefaultModel(base, choice),
  };
  const fetchFile: GatewayParts["fetchFile"] = async (platform, file, limitBytes, signal) => {
    const bytes = await adapters.get(platform)?.fetchFile?.(file, limitBytes, signal);
    if (bytes === undefined) throw new Failure("platform.refused", `${platform} gives no files`);
    return bytes;
  };
  const gateway = createGateway({
    db,
    queues,
    live,
    log,
    metrics,
    access,
    commands,
    language: config.display.language,
    version: base.version,
    footers: () => base.follow.current.display,
    toolProgress: () => base.follow.current.display.toolProgress,
    alarmLimits: () => alarmLimits(base.follow.current),
    memory: memoryRules(config),
    busy,
    names,
    facts,
    models,
    skills: baseDesk(base),
    schedules: scheduleDesk(base),
    fetchFile,
    tell,
  });
  stack.defer(() => flushed(base, [...adapters.keys()]));
  const channelNames = createChannelNames(db);
  const renamed: PlatformParts["renamed"] = (platform, channel) =>
    void channelNames
      .told(platform, [channel])
      .catch((error: unknown) =>
        log.debug({ error }, "a channel's new name is not noted yet; its platform is asked for it later"),
      );
  const parts = await platformParts(base, { facts, renamed, moved: gateway.moved, names: () => [...adapters.keys()] });
  await Promise.all(
    platforms
      .filter((platform) => isHere(base.mode, platform) && platform.wanted(config))
      .map(async (platform) => {
        const adapter = await (await platform.load()).create(parts);
        adapters.set(platform.name, adapter);
        await openPlatform(base, { platform, adapter, gateway, serving });
      }),
  );
  stack.defer(() => gateway.settled());
  startUpkeep(base, gateway, { channelNames, serving, adapters });
  stack.defer(async () => void (await Promise.all([...adapters.values()].map((adapter) => adapter.pause()))));
  return [...adapters.values()].map((adapter) => adapter.address?.() ?? null).find((address) => address !== null) ?? null;
}

interface Served {
  readonly channelNames: ReturnType<typeof createChannelNames>;
  readonly serving: ReadonlySet<string>;
  readonly adapters: ReadonlyMap<string, Adapter>;
}

/** What comes back by itself, events that nobody has routed and messages that nobody sends; and what channels are called. */
function startUpkeep(base: Base, gateway: Gateway, { channelNames, serving, adapters }: Served): void {
  const { database, queues, log, stack } = base;
  const { db } = database;
  const sweeps = [
    base.sweeps.add(
      "event sweep",
      ({ events }) => events,
      () => gateway.sweep([...serving]),
    ),
    base.sweeps.add(
      "delivery sweep",
      ({ deliveries }) => deliveries,
      () => sweepDeliveries(db, queues, [...serving]),
    ),
  ];
  stack.defer(async () => void (await Promise.all(sweeps.map((sweep) => sweep.close()))));
  const naming = every("channel names", namesMs, log, async () => {
    // In a gateway by itself nobody else looks whether the settings have changed.
    await base.follow.refresh();
    for (const name of serving) await channelNames.look(name, async () => (await adapters.get(name)?.channels?.()) ?? []);
  });
  stack.defer(() => naming.close());
}

/** A terminal without a service has nothing else; what is at the home's socket is where that is held. */
function isHere(mode: Base["mode"], { atSocket = false }: Platform): boolean {
  return mode === "chat" ? atSocket : mode === "all" || !atSocket;
}

/** The accounts that the configuration lets in, as `platform:account`. */
function allowedAccounts({ discord, slack }: Config): ReadonlySet<string> {
  return new Set([...discord.allowedUsers.map((id) => `discord:${id}`), ...slack.allowedUsers.map((id) => `slack:${id}`)]);
}

interface Opening {
  readonly platform: Platform;
  readonly adapter: Adapter;
  readonly gateway: Gateway;
  readonly serving: Set<string>;
}

/** The page is every gateway's own and must start; of the others each is served by one gateway at a time. */
async function openPlatform(base: Base, { platform, adapter, gateway, serving }: Opening): Promise<void> {
  const { database, log, stack } = base;
  const { name } = platform;
  stack.defer(() => adapter.close());
  if (platform.local) {
    serving.add(name);
    stack.defer(await showAndDeliver(base, adapter, gateway));
    // With a record of its own there is no other gateway.
    if (database.kind === "embedded") await takeUp(base, name, gateway);
    return await adapter.start(gateway);
  }
  const shifts = await takeShifts(database, name, log, async () => {
    const stop = await showAndDeliver(base, adapter, gateway);
    serving.add(name);
    await takeUp(base, name, gateway);
    const patience = await startPatiently(name, adapter, gateway, log);
    return async () => {
      serving.delete(name);
      patience.cancel();
      await adapter.pause();
      await stop();
    };
  });
  stack.defer(() => shifts.close());
}

/** What an earlier gateway left comes before what is received now. It may be young: nobody else is at it. */
async function takeUp({ log }: Base, name: string, gateway: Gateway): Promise<void> {
  await gateway.sweep([name], 0).catch((error: unknown) => {
    log.warn({ platform: name, error }, "what was left unrouted could not be taken up; it will be tried again");
  });
}

/** A platform's views and deliveries run before it receives; gives the way to end them. */
async function showAndDeliver(base: Base, adapter: Adapter, { unwritten }: Gateway): Promise<() => Promise<void>> {
  const { database, queues, live, metrics, log } = base;
  const { db } = database;
  const previews = {
    keep: (turn: string, message: string) => keepPreview(db, turn, message),
    find: (turn: string) => previewOf(db, turn),
  };
  const toolProgress = (chat: ChatRef) => toolProgressIn(base, chat);
  const language = (turn: string) => languageOfTurn(db, turn, base.config.display.language);
  const view = await createView({ adapter, live, previews, toolProgress, language, unwritten, metrics, log });
  const consumer = await workDeliveries({ db, queues, adapter, view, metrics, log }, base.holder);
  return async () => {
    await consumer.drain();
    await consumer.close();
    await view.close();
  };
}

/** How much of its tools a chat wants to see. */
async function toolProgressIn({ database, follow }: Base, chat: ChatRef): Promise<ProgressMode> {
  const { tool_progress: own } = await chatSettings(database.db, chat);
  return progressModes.find((mode) => mode === own) ?? follow.current.display.toolProgress;
}

interface Telling extends Pick<PlatformParts, "renamed" | "moved"> {
  readonly facts: () => Promise<StandingFacts>;
  readonly names: () => readonly string[];
}

async function platformParts(base: Base, { facts, renamed, moved, names }: Telling): Promise<PlatformParts> {
  const { config, database, queues, metrics, log, version } = base;
  const { db } = database;
  const settings = { get: (key: string) => getSetting(db, key), set: (key: string, value: string) => putSetting(db, key, value) };
  const token = await pageToken(db);
  const health = async () => ({ queue: await queues.health(), platforms: names() });
  const page = {
    token,
    ...pagePorts({ db, version, facts, platforms: names, health, wording, metrics: () => metrics.render() }),
  };
  const suggestions = { db, commands, listings: (signal: AbortSignal) => base.models.listings(signal) };
  const suggest: PlatformParts["suggest"] = (at, name, typed) => suggestArgument(suggestions, at, name, typed);
  const rulers = (platform: string) => accountsOf(db, platform, "admin");
  const first = languageOf(config.display.language) ?? languages[0];
  const plain = offeredCommands(commands, first, languages);
  const offered = async () => withSkills(plain, await listSkills(db, { person: null }), first);
  const host: PlatformParts["terminal"]["host"] = (to) => void (base.host.current = to);
  const toolProgress = (chat: ChatRef) => toolProgressIn(base, chat);
  const terminal = { version, host, files: page.files, ...terminalPorts({ db, facts, wording, toolProgress }) };
  return { config, commands: await offered(), offered, renamed, moved, rulers, suggest, settings, page, terminal, log };
}

/** Waits, for a moment, until what is ready to be said has been: a clean stop leaves no answer behind. */
async function flushed(base: Base, names: readonly string[]): Promise<void> {
  const until = performance.now() + flushMs;
  while (performance.now() < until && (await deliveriesDue(base.database.db, names)) > 0) await setTimeout(flushLookMs);
}

const flushMs = 5_000;
const flushLookMs = 50;
