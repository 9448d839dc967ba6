import type { ServerKind } from "../core/model.ts";
import type { Connection } from "./connection.ts";
import { askAt } from "./discovery/asking.ts";
import { countOf, takesTools, type Json } from "./discovery/reading.ts";

/** Counts prompts exactly where a server can without generating. */
export interface Counter {
  /** Tokens of the prompt of a chat request with this body; null where the server can't tell. Never rejects. */
  count(address: string, kind: ServerKind, body: Json, signal: AbortSignal): Promise<number | null>;
}

/** Asks servers that can't only now and then: one may have been brought up to date. */
export function newCounter(connection: Connection): Counter {
  const unable = new Map<string, number>();
  return {
    count: async (address, kind, body, signal) => {
      const route = routes[kind];
      if (route === null || performance.now() < (unable.get(address) ?? 0)) return null;
      const reply = await askAt(connection, address, signal).post(route.path, route.body(body));
      // 404 and 405: no such endpoint in this build; 501: switched off.
      if (reply.status !== null && [404, 405, 501].includes(reply.status)) unable.set(address, performance.now() + askAgainMs);
      if (reply.body === null || !route.isWhole(reply.body, body)) return null;
      return countOf(reply.body[route.answer]);
    },
  };
}

const askAgainMs = 600_000;

interface Route {
  readonly path: string;
  readonly answer: string;
  body(chat: Json): Json;
  /** Whether the answer is of the whole request. */
  isWhole(answer: Json, chat: Json): boolean;
}

const routes: Readonly<Record<ServerKind, Route | null>> = {
  "llama-server": {
    path: "/v1/chat/completions/input_tokens",
    answer: "input_tokens",
    body: (chat) => chat,
    isWhole: () => true,
  },
  vllm: {
    path: "/tokenize",
    answer: "count",
    body: forTokenize,
    isWhole: (answer, chat) => chat["tools"] === undefined || takesTools(answer),
  },
  sglang: null,
  ollama: null,
  lmstudio: null,
  other: null,
};

/** vLLM's endpoint takes these, and refuses what it does not know. */
function forTokenize(chat: Json): Json {
  return Object.fromEntries(Object.entries(chat).filter(([key]) => tokenized.has(key)));
}

const tokenized: ReadonlySet<string> = new Set(["model", "messages", "tools", "chat_template_kwargs"]);
