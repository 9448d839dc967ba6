import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ModelServer, modelServerWith, type Responder } from "../test/doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../test/doubles/telegram.ts";
import { freshHome, type Process, startHermes } from "../test/flow/service.ts";
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
  readonly telegram: TelegramServer;
  readonly traffic: Traffic;
  /** Starts the service; resolves when it polls. `ms` is the time from its spawn to the first poll. */
  start(): Promise<{ readonly process: Process; readonly ms: number }>;
  /** Sends one message once a poll waits; resolves with the time it was there to be handed out. */
  say(chat: number, text: string): Promise<number>;
}

/** A request that makes a message of an answer, in any of the forms that Telegram knows. */
export const finalCall = /\/(?:send(?:Rich)?Message|editMessageText)$/;

/** `config`: the text of its `config.yaml`, where it has one. */
export async function openRig(state: State, responder: Responder, config?: string): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const traffic = stack.use(watchTraffic());
  const model = stack.use(await modelServerWith({ strict: false }, responder));
  const telegram = stack.use(await telegramServer());
  const home = stack.use(await freshHome());
  if (config !== undefined) await writeFile(join(home.path, "config.yaml"), config);
  const env = {
    OPENAI_BASE_URL: model.url,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.url,
    ...(state === "servers" ? await startServers(stack) : {}),
  };
  const running = new Set<Process>();
  stack.defer(async () => void (await Promise.all([...running].map((process) => process[Symbol.asyncDispose]()))));
  const open = stack.move();
  return {
    model,
    telegram,
    traffic,
    async start() {
      const polled = traffic.next("request", /\/getUpdates$/);
      const began = performance.now();
      const process = startHermes({ mode: "start", home: home.path, env });
      running.add(process);
      try {
        return { process, ms: (await polled) - began };
      } catch (error) {
        throw new Error(`the service does not poll:\n${process.output()}`, { cause: error });
      }
    },
    async say(chat, text) {
      while (telegram.calls.findLast((call) => call.method === "getUpdates")?.status !== 0) await sleep(1);
      const at = performance.now();
      telegram.say(chat, text);
      return at;
    },
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
