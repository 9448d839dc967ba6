import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { Failure } from "../../core/failures.ts";

/** What a Redis server says of itself: the fields of its INFO. */
export type RedisAbout = ReadonlyMap<string, string>;

/** Asks a Redis server about itself, with the address's own user and password. Throws `queue.unavailable` with the mend. */
export async function askRedis(address: string, signal: AbortSignal): Promise<RedisAbout> {
  const url = new URL(address);
  const where = `Redis at ${url.host}`;
  const text = await converse(url, signal).catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Failure("queue.unavailable", `${where} does not answer (${reason}).`, {
      advice: "Start it, or correct REDIS_URL.",
      cause: thrown,
    });
  });
  const about = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = "", value = ""]) => [name, value]));
  if (about.has("redis_version")) return about;
  const refusal = /^-(.*)$/m.exec(text)?.[1] ?? "not the answer of a Redis server";
  throw new Failure("queue.unavailable", `${where} refuses: ${refusal.trim()}`, {
    advice: "Correct the user and password in REDIS_URL.",
  });
}

/** One connection: who we are, the question, goodbye. Everything that came back is one text. */
async function converse(url: URL, signal: AbortSignal): Promise<string> {
  const target = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 6379) };
  const socket = url.protocol === "rediss:" ? connectTls({ ...target, servername: target.host }) : connectTcp(target);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  socket.setEncoding("utf8");
  socket
    .on("data", (chunk: string) => (text += chunk))
    .on("error", reject)
    .on("close", () => resolve(text));
  signal.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true });
  socket.write([...login(url), command("INFO"), command("QUIT")].join(""));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function login(url: URL): string[] {
  if (url.password === "") return [];
  const user = url.username === "" ? [] : [decodeURIComponent(url.username)];
  return [command("AUTH", ...user, decodeURIComponent(url.password))];
}

/** A command in Redis' protocol. */
function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
