import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { Agent, fetch as undiciFetch, request as undiciRequest } from "undici";
import { callModel } from "../src/agent/model-call.ts";
import { openLive } from "../src/live/index.ts";
import { asking, lines, provider, quickModels } from "../test/doubles/model-server-client.ts";

// What a worker does with streams, alone in a process, so that its processor time is its own:
//   node bench/token-client.ts '{"url":"http://…/v1","way":"worker","streams":50,"tokens":400,"everyMs":10,"perPacket":1,"warmMs":1000,"redis":null}'

/**
 * What to do. `worker`: model client, the agent's reading of it, live events. `sdk`: the openai package's own reading of a stream, with
 * nothing done with what it gives. `socket`: undici alone, with nothing read from the bytes.
 */
export interface ClientWish {
  readonly url: string;
  readonly way: "worker" | "sdk" | "socket";
  readonly streams: number;
  readonly tokens: number;
  readonly everyMs: number;
  readonly perPacket: number;
  /** Not measured at the beginning. */
  readonly warmMs: number;
  /** Where live events go: to a Redis, or (null) to a listener in the process. */
  readonly redis: string | null;
}

/** What it took, from the end of the warming up until the first stream is about to end. */
export interface ClientFigures {
  readonly tokens: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly loopP99Ms: number;
  readonly warm: MemoryFigures;
  readonly end: MemoryFigures;
}

interface MemoryFigures {
  /** As it was, garbage included. */
  readonly residentMb: number;
  /** The heap after a collection, which is what streams hold on to. */
  readonly keptMb: number;
}

interface Count {
  tokens: number;
}

/** Streams that end are no longer streams. */
const endMs = 500;

const ways: Readonly<Record<ClientWish["way"], (wish: ClientWish, count: Count) => Promise<void>>> = { worker, sdk, socket };

const [argument] = process.argv.slice(2);
if (argument !== undefined) process.stdout.write(`${JSON.stringify(await measure(JSON.parse(argument) as ClientWish))}\n`); // the row's own

async function measure(wish: ClientWish): Promise<ClientFigures> {
  const count: Count = { tokens: 0 };
  const running = ways[wish.way](wish, count);
  const lasts = (wish.tokens / wish.perPacket) * wish.everyMs;
  await sleep(wish.warmMs);
  const warm = memory();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const [began, cpu, tokens] = [performance.now(), process.cpuUsage(), count.tokens];
  await sleep(Math.max(0, lasts - wish.warmMs - endMs));
  const spent = process.cpuUsage(cpu);
  const figures = {
    tokens: count.tokens - tokens,
    seconds: (performance.now() - began) / 1_000,
    cpuMicros: spent.user + spent.system,
    loopP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 5),
    warm,
    end: memory(),
  };
  await running;
  return figures;
}

function wordsFor({ tokens, everyMs, perPacket }: ClientWish): string {
  return JSON.stringify({ tokens, everyMs, perPacket });
}

async function worker(wish: ClientWish, count: Count): Promise<void> {
  const main = provider("main", [wish.url], { model: "bench", concurrency: wish.streams });
  const models = quickModels({ settings: { main }, stallMs: 60_000, prefillMs: 60_000 });
  const log = lines();
  const live =
    wish.redis === null ? openLive({ kind: "local", log }) : openLive({ kind: "redis", url: wish.redis, prefix: "bench", log });
  const listener = wish.redis === null ? await live.subscribe("telegram", () => undefined) : null;
  const model = await models.current();
  const one = async (_: unknown, index: number): Promise<void> => {
    let seq = 0;
    const address = {
      turn: `turn-${index}`,
      chat: { platform: "telegram", chat: String(index), thread: null },
      fence: 1,
      replyTo: null,
    };
    const end = await callModel(model, asking(wordsFor(wish)), new AbortController().signal, (event) => {
      live.publish({ ...address, seq: (seq += 1), event });
      if (event.type === "text") count.tokens += 1;
    });
    if (end.type === "failed") throw end.failure;
  };
  await Promise.all(Array.from({ length: wish.streams }, one));
  await listener?.close();
  await live.close();
  await models.close();
}

async function sdk(wish: ClientWish, count: Count): Promise<void> {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  // Boundary: the types of undici's fetch differ in name only from those of Node's bundled copy.
  const client = new OpenAI({
    baseURL: wish.url,
    apiKey: "none",
    fetch: undiciFetch as unknown as typeof fetch,
    fetchOptions: { dispatcher },
  });
  const one = async (): Promise<void> => {
    const messages = [{ role: "user" as const, content: wordsFor(wish) }];
    for await (const chunk of await client.chat.completions.create({ model: "bench", messages, stream: true })) {
      if (chunk.choices[0]?.delta.content) count.tokens++;
    }
  };
  await Promise.all(Array.from({ length: wish.streams }, one));
  await dispatcher.close();
}

/** Every packet of the server's is a piece of the body here, but for those that come in one read. */
async function socket(wish: ClientWish, count: Count): Promise<void> {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const body = JSON.stringify({ model: "bench", messages: [{ role: "user", content: wordsFor(wish) }], stream: true });
  const one = async (): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const answer = await undiciRequest(`${wish.url}/chat/completions`, { method: "POST", headers, body, dispatcher });
    answer.body.on("data", () => {
      count.tokens += wish.perPacket;
    });
    await new Promise((resolve, reject) => answer.body.on("end", resolve).on("error", reject));
  };
  await Promise.all(Array.from({ length: wish.streams }, one));
  await dispatcher.close();
}

/** After a collection: V8 lets garbage lie until there is some hundred MB of it, and that says nothing of what grows. */
function memory(): MemoryFigures {
  const residentMb = process.memoryUsage.rss() / 1e6;
  globalThis.gc?.();
  return { residentMb, keptMb: process.memoryUsage().heapUsed / 1e6 };
}
