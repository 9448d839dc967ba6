import type { ServerKind } from "../core/model.ts";
import type { Connection } from "./connection.ts";
import { askAt } from "./discovery/asking.ts";
import { at, countOf } from "./discovery/reading.ts";

/** Counts prompts exactly where a server can without generating. */
export interface Counter {
  /** Tokens of the prompt of a chat request with this body; null where the server can't tell. Never rejects. */
  count(address: string, kind: ServerKind, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number | null>;
}

/** Asks servers that can't only now and then: one may have been brought up to date. */
export function newCounter(connection: Connection, askAgainMs = 600_000): Counter {
  const unable = new Map<string, number>();
  return {
    count: async (address, kind, body, signal) => {
      const route = routes[kind];
      if (route === null || performance.now() < (unable.get(address) ?? 0)) return null;
      const reply = await askAt(connection, address, signal).post(route.path, route.body(body));
      // 404 and 405: no such endpoint in this build; 501: switched off.
      if (reply.status !== null && [404, 405, 501].includes(reply.status)) unable.set(address, performance.now() + askAgainMs);
      return countOf(at(reply.body, route.answer));
    },
  };
}

interface Route {
  readonly path: string;
  readonly answer: string;
  body(chat: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

const routes: Readonly<Record<ServerKind, Route | null>> = {
  "llama-server": { path: "/v1/chat/completions/input_tokens", answer: "input_tokens", body: (chat) => chat },
  vllm: { path: "/tokenize", answer: "count", body: forTokenize },
  sglang: null,
  ollama: null,
  lmstudio: null,
  other: null,
};

/** vLLM's endpoint takes these, and refuses what it does not know. */
function forTokenize(chat: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(chat).filter(([key]) => tokenized.has(key)));
}

const tokenized: ReadonlySet<string> = new Set(["model", "messages", "tools", "chat_template_kwargs"]);
