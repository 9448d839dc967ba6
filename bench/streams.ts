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
/** Text itself grows: so much of it is no leak. */
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
  const { cpuMicros, tokens, loopP99Ms, warm, end } = figures;
  // A machine with other work lets fewer tokens through; what the promised rate takes is reckoned from what one took.
  const cores = ((cpuMicros / tokens) * streamCount * perSecond) / 1e6;
  const rate = `${(cpuMicros / tokens).toFixed(1)} µs a token; ${(tokens / figures.seconds).toFixed(0)} tokens/s came through`;
  const growth = (end.keptMb / warm.keptMb - 1) * 100;
  const kept = `${warm.keptMb.toFixed(0)} → ${end.keptMb.toFixed(0)} MB heap after a collection`;
  return [
    single(`${live}, share of one core`, cores, "cores", { atMost: 1 }, rate),
    single(`${live}, memory, 10 s to the end`, growth, "%", { atMost: flatPercent }, kept),
    single(`${live}, resident before collections`, end.residentMb, "MB", null, `${warm.residentMb.toFixed(0)} MB at 10 s`),
    single(`${live}, event-loop delay p99`, loopP99Ms, "ms", null, "with all that else ran on this machine"),
  ];
}
