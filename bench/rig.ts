import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ModelServer, modelServerWith, type Responder } from "../test/doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../test/doubles/telegram.ts";
import { freshHome, type Process, startHermes } from "../test/flow/service.ts";
import { type Mouth, type MouthName, openMouth, telegramMouth } from "./mouths.ts";
import { startPostgres } from "../test/services/postgres.ts";
import { startRedis } from "../test/services/redis.ts";
import { type Traffic, watchTraffic } from "./traffic.ts";

/** On what the service keeps its state. */
export type State = "embedded" | "servers";

/** As the table names them. */
export const stateNames: Readonly<Record<State, string>> = { embedded: "embedded", servers: "Redis + Postgres" };
export const states: readonly State[] = ["embedded", "servers"];

/** The doubles, a home and what `hermes start` needs to find them: everything over real sockets. */
export interface Rig extends AsyncDisposable {
  readonly model: ModelServer;
  /** Not connected where another platform is looked at. */
  readonly telegram: TelegramServer;
  readonly mouth: Mouth;
  readonly traffic: Traffic;
  /** Starts the service; resolves when it listens to its platform. `ms` is the time from its spawn. */
  start(): Promise<{ readonly process: Process; readonly ms: number }>;
  /** Somebody writes on the platform that is spoken on; resolves with the time it was there to be handed out. */
  say(chat: number, text: string): Promise<number>;
}

/** Five seconds after its spawn the service drops the code that only a start runs (bin/hermes.mjs): a pause once in its life, and no figure's. */
export const startOverMs = 6_000;

/** A request that makes a message of an answer, in any of the forms that Telegram knows. */
export const finalCall = /\/(?:send(?:Rich)?Message|editMessageText)$/;

/** `config`: the text of its `config.yaml`, where it has one. `platforms`: those it is connected to, of which the first is spoken on. */
export async function openRig(
  state: State,
  responder: Responder,
  config?: string,
  platforms: readonly MouthName[] = ["Telegram"],
): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const traffic = stack.use(watchTraffic());
  const model = stack.use(await modelServerWith({ strict: false }, responder));
  const telegram = stack.use(await telegramServer());
  const home = stack.use(await freshHome());
  if (config !== undefined) await writeFile(join(home.path, "config.yaml"), config);
  const mouths = await Promise.all(
    platforms.map(async (name) => (name === "Telegram" ? telegramMouth(telegram) : stack.use(await openMouth(name)))),
  );
  const mouth = mouths[0] ?? telegramMouth(telegram);
  const env = {
    OPENAI_BASE_URL: model.url,
    ...Object.assign({}, ...mouths.map((each) => each.env)),
    ...(state === "servers" ? await startServers(stack) : {}),
  };
  const running = new Set<Process>();
  stack.defer(async () => void (await Promise.all([...running].map((process) => process[Symbol.asyncDispose]()))));
  const open = stack.move();
  return {
    model,
    telegram,
    traffic,
    mouth,
    async start() {
      const polls = platforms.includes("Telegram");
      const polled = polls ? traffic.next("request", /\/getUpdates$/) : null;
      const began = performance.now();
      const process = startHermes({ mode: "start", home: home.path, env });
      running.add(process);
      try {
        const at = polled === null ? null : await polled;
        await Promise.all(mouths.map((each) => each.connected()));
        return { process, ms: (at ?? performance.now()) - began };
      } catch (error) {
        throw new Error(`the service does not poll:\n${process.output()}`, { cause: error });
      }
    },
    say: (chat, text) => mouth.say(chat, text),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function startServers(stack: AsyncDisposableStack): Promise<Readonly<Record<string, string>>> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  stack.use(redis);
  stack.use(postgres);
  return { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
}

/** Resident memory of a process in megabytes of 10^6 bytes. */
export async function residentMb(process: Process): Promise<number> {
  const status = await readFile(`/proc/${process.child.pid}/status`, "utf8");
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  return (kibibytes * 1_024) / 1e6;
}
