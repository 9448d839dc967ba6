import { createWeb, type HistoryItem, type PageStatus, type WebAdapter } from "../../adapters/web/index.ts";
import { type PageFile, type PageFiles, webChat } from "../../adapters/web/options.ts";
import type { TurnEvent } from "../../src/core/events.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Log } from "../../src/core/log.ts";

/** The page over real HTTP with a scripted gateway behind it. */
export interface PageRig {
  readonly web: WebAdapter;
  readonly origin: string;
  readonly received: readonly Inbound[];
  readonly history: HistoryItem[];
  /** Resolves with the next event the page sends that fits. */
  next(type: Inbound["type"]): Promise<Inbound>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly port?: number;
  readonly host?: string;
  readonly status?: Partial<PageStatus>;
  readonly history?: HistoryItem[];
  readonly receive?: (inbound: Inbound) => Promise<void>;
}

export const token = "a-token-for-tests-0123456789";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Starts the adapter on a free port. */
export async function openRig(options: RigOptions = {}): Promise<PageRig> {
  const received: Inbound[] = [];
  const history = options.history ?? [];
  const waiting: { type: string; resolve(inbound: Inbound): void }[] = [];
  const status: PageStatus = {
    model: "qwen3-8b",
    server: "http://127.0.0.1:8080/v1",
    demonstration: false,
    sandbox: "docker",
    version: "0.1.0",
    platforms: ["web"],
    ...options.status,
  };
  const web = createWeb({
    port: options.port ?? 0,
    ...(options.host === undefined ? {} : { host: options.host }),
    token,
    log: silent,
    history: async () => history,
    status: async () => status,
    files: shelf(),
    probes: {
      health: async () => ({ ok: true, details: { uptime: 1 } }),
      ready: async () => ({ ok: false, details: { queue: "no answer" } }),
      metrics: async () => "turns_total 3\n",
    },
  });
  await web.start({
    async receive(inbound) {
      await options.receive?.(inbound);
      received.push(inbound);
      const index = waiting.findIndex(({ type }) => type === inbound.type);
      if (index >= 0) waiting.splice(index, 1)[0]?.resolve(inbound);
    },
  });
  return {
    web,
    origin: new URL(web.address() ?? "").origin,
    received,
    history,
    next: (type) => new Promise((resolve) => waiting.push({ type, resolve })),
    close: () => web.close(),
  };
}

/** Files in memory, as the record keeps them. */
function shelf(): PageFiles {
  const kept = new Map<string, PageFile & { readonly bytes: Uint8Array }>();
  return {
    keep: async (file, bytes) => void kept.set(file.id, { ...file, size: bytes.length, bytes }),
    of: async (ids) => ids.flatMap((id) => kept.get(id) ?? []),
    read: async (id) => kept.get(id) ?? null,
  };
}

/** Says things in the name of one turn, numbered as a worker would. */
export function speaker(web: WebAdapter, turn: string, replyTo: string | null, fence = 1): (...events: TurnEvent[]) => void {
  let seq = 0;
  return (...events) => {
    for (const event of events) web.push({ turn, chat: webChat, fence, seq: ++seq, replyTo, event });
  };
}

/** Posts Markdown as the deliveries worker does. */
export async function say(web: WebAdapter, markdown: string, replyTo: string | null = null): Promise<string> {
  const [chunk] = web.render(markdown);
  if (!chunk) throw new Error("render gave nothing");
  return web.post(webChat, chunk, { replyTo });
}
