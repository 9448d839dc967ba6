import { randomUUID } from "node:crypto";
import type { Seen } from "../test/doubles/model-server.ts";
import { type Figure, single } from "./figures.ts";

/** What a llama-server says of one request; `cached` came from its cache, `read` did not. */
interface Counted {
  readonly cached: number;
  readonly read: number;
}

/**
 * Sends the very requests to a real llama-server (`HERMES_BENCH_SERVER=http://…/v1`), side jobs among them, and asks for one token each.
 * So the model's own answers are read as well, which it would have in its cache had it written them.
 */
export async function readByServer(url: string, requests: readonly Seen[], turns: number): Promise<readonly Figure[]> {
  const counts: Counted[] = [];
  // What the server may have in its cache of an earlier run must not count.
  const stamp = `[Run ${randomUUID()}] `;
  for (const { body } of requests) counts.push(await ask(url, { ...body, messages: stamped(body.messages, stamp) }));
  const total = (pick: (count: Counted) => number) => counts.reduce((all, count) => all + pick(count), 0);
  const [read, all] = [total((count) => count.read), total((count) => count.read + count.cached)];
  const note = `${Math.round(read / turns)} a turn, side jobs too, in its own vocabulary; ${((100 * (all - read)) / all).toFixed(1)} % of ${all.toLocaleString("en")} from its cache`;
  return [single("  read by the real server, in all", read, "tokens", null, note)];
}

function stamped([first, ...rest]: Seen["body"]["messages"], stamp: string): Seen["body"]["messages"] {
  return first === undefined ? [] : [{ ...first, content: `${stamp}${String(first.content)}` }, ...rest];
}

async function ask(url: string, body: Seen["body"]): Promise<Counted> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, stream: false, stream_options: undefined, max_tokens: 1 }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  // A server's JSON, looked at with care.
  const { timings } = JSON.parse(text) as { readonly timings?: { readonly cache_n?: number; readonly prompt_n?: number } };
  if (timings?.prompt_n === undefined) throw new Error(`${url} is no llama-server: it tells no timings`);
  return { cached: timings.cache_n ?? 0, read: timings.prompt_n };
}
