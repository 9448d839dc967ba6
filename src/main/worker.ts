import { setTimeout as pause } from "node:timers/promises";
import { turnQueue, type TurnSettings } from "../../workers/turn-parts.ts";
import { workTurns } from "../../workers/turns.ts";
import { type Errands, openErrands } from "../../workers/errands.ts";
import { landRun } from "../../workers/schedule-ends.ts";
import { workSchedules } from "../../workers/schedules.ts";
import { watchProcesses } from "../../workers/processes.ts";
import { allOf, every, sweepTurns, upkeepTimes } from "../../workers/upkeep.ts";
import type { Config } from "../config/keys.ts";
import { stepMs } from "../config/live.ts";
import { isUnnamed } from "../config/provider-names.ts";
import type { Allowance } from "../core/approval.ts";
import type { Person } from "../core/chats.ts";
import { titled } from "../core/events.ts";
import { asFailure } from "../core/failures.ts";
import type { Models } from "../core/model.ts";
import { narrowedKey } from "../core/terminal.ts";
import { placesOf } from "../core/queue.ts";
import { type CompressionSettings, openCompressor } from "../agent/compression/compressor.ts";
import { openDigest } from "../agent/digest.ts";
import { openPictures, seeing } from "../agent/pictures.ts";
import { openTitles, type TitleParts } from "../agent/titles.ts";
import { storeFacts } from "../gateway/facts.ts";
import type { StandingFacts } from "../gateway/parts.ts";
import { dropStrayFiles } from "../store/files.ts";
import { withoutValues } from "../skills/variables.ts";
import { dropOnceSeats } from "../store/once-seats.ts";
import { dropDrafts } from "../store/schedules.ts";
import { getSetting } from "../store/settings.ts";
import { dropStrayBundles } from "../store/skills.ts";
import { hear, type Recording } from "../model/hearing.ts";
import { openWeb } from "../tools/web/index.ts";
import type { Base } from "./base.ts";
import { openConfiguration } from "./configuration.ts";
import { placeSaved } from "./default-model.ts";
import { openOffer, type OfferParts } from "./offer.ts";
import { delegationRules, modelNamed } from "./delegation.ts";
import { lazyHub } from "./lazy-mcp.ts";
import { memoryRules } from "./memory-rules.ts";
import { approvalSettings } from "./policy-settings.ts";
import { scheduleDesk, scheduleWork } from "./schedules.ts";
import { openRemembering } from "./remembering.ts";
import { aboutSandbox, followSandboxes, type Sandboxes } from "./sandboxes.ts";
import { startSkills } from "./worker-skills.ts";
import { webSettings } from "./web-settings.ts";

/** What turns need, opened in this process. */
export interface WorkerSide {
  readonly models: Models;
  readonly sandboxes: Sandboxes;
}

/** Opens what turns need. The sandboxes open by themselves: looking for an engine must not hold up the platforms. */
export function openWorkerSide(base: Base): WorkerSide {
  const { follow, log, stack } = base;
  const sandboxes = followSandboxes(follow, log);
  stack.defer(() => sandboxes.close());
  return { models: base.models, sandboxes };
}

export async function startTurns(base: Base, worker: WorkerSide): Promise<void> {
  const { config, follow, database, queues, live, metrics, log, stack } = base;
  const { sandboxes } = worker;
  // A backend that can't be used is told of at the start; one that takes long is waited for by whoever needs it.
  await Promise.race([sandboxes.current(), pause(sandboxMs, null, { ref: false })]);
  const { db } = database;
  const settings = turnSettings(base);
  const mcp = lazyHub({ log, open: (owner, session) => sandboxes.open(owner, session) });
  stack.defer(() => mcp.close());
  // Beside the start: a server that is away must not hold it up.
  void mcp.follow(config.mcpServers);
  const pictures = openPictures({
    db,
    models: worker.models,
    metrics,
    settings: async () => pictureSettings(await follow.refresh()),
  });
  const digest = openDigest({
    db,
    models: worker.models,
    metrics,
    log,
    settings: async () => digestSettings(await follow.refresh()),
  });
  const sees: OfferParts["sees"] = async (session) => (await seeing(worker.models, session, AbortSignal.timeout(seeMs))) !== null;
  const chosen: OfferParts["chosen"] = (chat) => getSetting(db, narrowedKey(chat));
  const offer = openOffer({ follow, mcp, sees, hint: () => hintOf(sandboxes), chosen });
  const given: TitleParts["given"] = ({ session, chat }, title) => live.publish(titled(session, chat, title));
  const titles = openTitles({ db, models: worker.models, metrics, log, settings: () => titleSettings(base), given });
  const { reviews, tend: tendMemories } = openRemembering(base, worker.models, settings.memory);
  const compressor = openCompressor({ models: worker.models, log, settings: () => compressionSettings(base) });
  const models = { listings: (signal: AbortSignal) => base.models.listings(signal) };
  const configuration = openConfiguration({ home: config.home, env: base.env, models, placeSaved: () => placeSaved(base) });
  const approvals = {
    rules: async (allowed: readonly Allowance[]) => approvalSettings(await follow.refresh(), allowed),
    judge: () => base.models.auxiliary("approval"),
  };
  const web = openWeb(async () => webSettings(await follow.refresh()));
  stack.defer(() => web.close());
  const scheduling = scheduleWork(base, sandboxes);
  const errands = openErrands({ db, queues, live, log, turns: turnQueue }, { run: (errand) => landRun(scheduling, errand) });
  const { skills, skillReview } = startSkills(base, async () => (await sandboxes.current()).name);
  const parts = {
    schedules: scheduleDesk(base),
    skillReview,
    errands,
    delegation: {
      rules: async () => delegationRules(await follow.refresh()),
      modelNamed: (person: Person, name: string) => modelNamed(worker.models, person, name),
    },
    skills,
    approvals,
    web,
    hear: async (file: Recording, signal: AbortSignal) => await hear(hearingSettings(await follow.refresh()), file, signal),
    configuration,
    digest,
    pictures,
    titles,
    reviews,
    compressor,
    db,
    queues,
    live,
    models: worker.models,
    sandboxes,
    offer,
    metrics,
    log,
    settings,
    glance: () => void follow.refresh(),
  };
  const turns = await workTurns(parts, base.holder);
  stack.defer(() => turns.drain());
  const schedules = await workSchedules(scheduling, base.sweeps, base.holder, config.agent.drainTimeout * 1_000);
  stack.defer(() => schedules.close());
  const conceal = async (text: string) => withoutValues(text, (await skills.settings()).variables.values());
  startUpkeep(base, worker, errands, tendMemories, conceal);
}

function turnSettings({ mode, config, follow }: Base): TurnSettings {
  const concurrency = config.agent.workerConcurrency;
  return {
    // Nobody speaks to a worker alone: all its work comes by the queue.
    places: mode === "worker" ? { concurrency, atHand: 0 } : placesOf(concurrency),
    get maxSteps() {
      return follow.current.agent.maxTurns;
    },
    get footers() {
      return follow.current.display;
    },
    steer: config.display.busyInputMode === "steer",
    drainMs: config.agent.drainTimeout * 1_000,
    memory: memoryRules(config),
    language: config.display.language,
    limits: { commandMs: config.terminal.timeout * 1_000, resultChars: resultChars },
  };
}

/** What comes back by itself: unfinished turns and errands go on, and what nobody needs any more goes. */
function startUpkeep(
  base: Base,
  worker: WorkerSide,
  errands: Errands,
  tendMemories: () => Promise<void>,
  conceal: (text: string) => Promise<string>,
): void {
  const { database, queues, sweeps, log, stack } = base;
  const { db } = database;
  const { sandboxes } = worker;
  const tend = () => allOf([async () => await storeFacts(db, await workerFacts(worker)), tendMemories, () => sandboxes.reap()]);
  const tidy = () => allOf([() => dropStrayFiles(db), () => dropStrayBundles(db), () => dropDrafts(db), () => dropOnceSeats(db)]);
  const watch = { db, sandboxes, log, conceal, wake: (session: string) => queues.queue(turnQueue).wake(session) };
  const upkeeps = [
    sweeps.add(
      "turn sweep",
      ({ turns }) => turns,
      () => sweepTurns(db, queues),
    ),
    sweeps.add(
      "errands",
      (left) => left.errands,
      () => errands.sweep(),
    ),
    sweeps.add(
      "process watch",
      ({ processes }) => processes,
      () => watchProcesses(watch, base.holder),
      upkeepTimes.watchMs,
    ),
    every("worker upkeep", upkeepTimes.tendMs, log, tend),
    every("tidying", upkeepTimes.tidyMs, log, tidy),
  ];
  stack.defer(async () => void (await Promise.all(upkeeps.map((upkeep) => upkeep.close()))));
}

/** Longest tool result the model reads, about 5,000 tokens; less in a small window. */
const resultChars = 20_000;

/** How long the start waits for the sandboxes. */
const sandboxMs = 5_000;

/** Without a sandbox the model still answers; its commands fail with the reason. */
async function hintOf(sandboxes: Sandboxes): Promise<string> {
  return await sandboxes.current().then(
    ({ hint }) => hint,
    () => "",
  );
}

/** How long the beginning of a session waits to learn whether a model sees. */
const seeMs = 3_000;

function pictureSettings({ auxiliary, security }: Config) {
  return { timeoutMs: auxiliary.vision.timeout * 1_000, allowed: security.allowPrivateUrls };
}

function hearingSettings({ stt: { baseUrl, model, apiKey, timeout } }: Config) {
  return { baseUrl, model, apiKey, timeoutMs: timeout * 1_000 };
}

function digestSettings({ auxiliary: { sessionSearch } }: Config) {
  const { provider, model, baseUrl, timeout } = sessionSearch;
  return { wanted: !isUnnamed(provider) || model !== null || baseUrl !== null, timeoutMs: timeout * 1_000 };
}

/** As they are now: each title is asked for under the configuration of its moment. */
async function titleSettings({ follow }: Base) {
  const { enabled, timeout } = (await follow.refresh()).auxiliary.titleGeneration;
  return { enabled, timeoutMs: timeout * 1_000 };
}

/** As they are now: each prompt is put together under the configuration of its moment. */
async function compressionSettings({ follow }: Base): Promise<CompressionSettings> {
  const { compression, model } = await follow.refresh(stepMs);
  return {
    enabled: compression.enabled,
    threshold: compression.threshold,
    targetRatio: compression.targetRatio,
    protectFirst: compression.protectFirstN,
    protectLast: compression.protectLastN,
    messageLimit: compression.hygieneHardMessageLimit,
    answerTokens: model.maxTokens,
  };
}

export async function workerFacts(worker: WorkerSide): Promise<StandingFacts> {
  const model = await worker.models.current();
  const { window } = await model.facts(AbortSignal.timeout(seeMs)).catch(() => ({ window: null }));
  const common = { model: model.name, server: model.server, demonstration: model.demonstration, window };
  try {
    const backend = await worker.sandboxes.current();
    return { ...common, sandbox: `${backend.name}: ${backend.why}`, sandboxAbout: await aboutSandbox(backend) };
  } catch (error) {
    const { message } = asFailure(error);
    return { ...common, sandbox: `none: ${message}`, sandboxAbout: [message] };
  }
}
