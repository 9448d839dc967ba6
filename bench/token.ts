import { type Figure, quantile, type Row, single } from "./figures.ts";
import type { ClientWish } from "./token-client.ts";
import { startTokenServer } from "./token-runs.ts";

const ways = ["socket", "worker", "sdk"] as const;
/** Taken in turns, so that a machine that slows down slows all three. */
const rounds = 3;
/** A hundred tokens a second each; every token a packet of its own, which is the dearest form. */
const wish: Omit<ClientWish, "url" | "way"> = {
  streams: 50,
  tokens: 600,
  everyMs: 10,
  perPacket: 1,
  warmMs: 1_500,
  redis: null,
};
const atMostMicros = 30;

/** Processor time of one streamed token, from the bytes that undici hands over to the published live event. */
export const token: Row = {
  name: "token",
  title: "our own work per streamed token",
  async measure() {
    await using server = await startTokenServer();
    const micros = new Map(ways.map((way) => [way, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const way of ways) {
        const { cpuMicros, tokens } = await server.run({ ...wish, way });
        micros.get(way)?.push(cpuMicros / tokens);
      }
    }
    return figuresOf((way) => quantile(micros.get(way) ?? [], 0.5));
  },
};

function figuresOf(median: (way: ClientWish["way"]) => number): readonly Figure[] {
  const [socket, worker, sdk] = [median("socket"), median("worker"), median("sdk")];
  const note = "processor time over the bare socket's; model client, agent's reading, live event to a listener";
  return [
    single("our own work", worker - socket, "µs", { atMost: atMostMicros }, note),
    single("with the socket", worker, "µs", null, `the bare socket (undici): ${socket.toFixed(1)} µs`),
    single("openai SDK's own work", sdk - socket, "µs", null, "reading its stream and nothing more"),
    single("ours to the SDK's", (worker - socket) / (sdk - socket), "×", null),
  ];
}
