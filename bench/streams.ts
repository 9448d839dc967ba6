import { startRedis } from "../test/services/redis.ts";
import { type Figure, type Row, single } from "./figures.ts";
import type { ClientFigures, ClientWish } from "./token-client.ts";
import { startTokenServer } from "./token-runs.ts";

const streamCount = 1_000;
const perSecond = 20;
const seconds = 30;
const wish: Omit<ClientWish, "url" | "redis"> = {
  way: "worker",
  streams: streamCount,
  tokens: perSecond * seconds,
  everyMs: 1_000 / perSecond,
  perPacket: 1,
  warmMs: 10_000,
};
/** What a collection more or less makes. */
const flatPercent = 10;

/** From a thousand sockets to published live events in one worker process: model client, agent's reading, live events. Not in it: tools, record, views. */
export const streams: Row = {
  name: "streams",
  title: `${streamCount} streams at ${perSecond} tokens/s in one worker, socket → live event`,
  async measure() {
    await using server = await startTokenServer();
    const local = await server.run({ ...wish, redis: null });
    await using redis = await startRedis();
    const remote = await server.run({ ...wish, redis: redis.url });
    return [...figuresOf("in the process", local), ...figuresOf("over Redis", remote)];
  },
};

function figuresOf(live: string, figures: ClientFigures): readonly Figure[] {
  const { cpuMicros, tokens, loopP99Ms, rssWarmMb, rssEndMb } = figures;
  const rate = tokens / figures.seconds;
  const growth = (rssEndMb / rssWarmMb - 1) * 100;
  return [
    single(`${live}, share of one core`, cpuMicros / 1e6 / figures.seconds, "cores", { atMost: 1 }),
    single(`${live}, tokens/s that came through`, rate, "", { atLeast: streamCount * perSecond * 0.97 }),
    single(
      `${live}, memory, 10 s to the end`,
      growth,
      "%",
      { atMost: flatPercent },
      `${rssWarmMb.toFixed(0)} → ${rssEndMb.toFixed(0)} MB`,
    ),
    single(`${live}, event-loop delay p99`, loopP99Ms, "ms", { atMost: 50 }),
  ];
}
