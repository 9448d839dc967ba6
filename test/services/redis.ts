import { once } from "node:events";
import { connect } from "node:net";
import { announce, findProgram, freePort, since, startService, temporaryFolder, untilReady } from "./processes.ts";

/** A Redis of one's own, that may be stopped, started again at the same address, and flushed. */
export interface Redis extends AsyncDisposable {
  readonly url: string;
  /** Kills it, as a power cut would: it keeps nothing. */
  stop(): Promise<void>;
  start(): Promise<void>;
  flush(): Promise<void>;
}

/** Starts a private Redis without persistence. */
export async function startRedis(options: { readonly port?: number } = {}): Promise<Redis> {
  const program = findProgram("redis-server");
  if (program === null) throw new Error("redis-server is missing: apt-get install redis-server");
  const port = options.port ?? (await freePort());
  const folder = temporaryFolder("redis");
  const command = [program, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder.path];
  const launch = () => startService(command);
  let service = launch();
  const ready = () => untilReady("redis-server", service, async () => (await ask(port, "PING")) === "+PONG");
  await ready();
  const redis: Redis = {
    url: `redis://127.0.0.1:${port}`,
    stop: () => service.end("SIGKILL"),
    async start() {
      await service.end("SIGKILL");
      service = launch();
      await ready();
    },
    async flush() {
      const answer = await ask(port, "FLUSHALL");
      if (answer !== "+OK") throw new Error(`Redis did not flush: ${answer}`);
    },
    async [Symbol.asyncDispose]() {
      await redis.stop();
      folder.remove();
    },
  };
  return redis;
}

let shared: Promise<string> | null = null;

/** A Redis that all tests share: the one `npm test` prepared, or one private to this process. Use prefixes; don't flush it. */
export function redisUrl(): Promise<string> {
  const given = process.env["HERMES_TEST_REDIS_URL"];
  if (given !== undefined) return Promise.resolve(given);
  shared ??= announced();
  return shared;
}

async function announced(): Promise<string> {
  const start = Date.now();
  const { url } = await startRedis();
  announce(`Redis: started at ${url} (${since(start)})`);
  return url;
}

/** One inline command and the first line of its answer; empty when nobody listens. */
async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write(`${command}\r\n`);
    const [data]: unknown[] = await once(socket, "data");
    return String(data).trim();
  } catch {
    return "";
  } finally {
    socket.destroy();
  }
}
