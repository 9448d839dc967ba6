import type { McpEntry } from "../../config/mcp-keys.ts";
import type { Log } from "../../core/log.ts";
import type { Sandbox, SandboxOwner } from "../../core/sandbox.ts";
import { httpLine, type Line } from "./http.ts";
import { type Listed, openServer, type Server } from "./server.ts";
import { stdioLine } from "./stdio.ts";
import { type McpTool, toolsOf } from "./tools.ts";

export interface HubOptions {
  readonly log: Log;
  /** A server that is a program runs in a sandbox of its own. */
  open(owner: SandboxOwner, session: string): Promise<Sandbox>;
  readonly retryMs?: number;
  /** How long `follow` waits for servers that were never there yet. */
  readonly patienceMs?: number;
}

/** The MCP servers of one process. */
export interface Hub {
  /** Brings them in line with the configuration, and waits a little for those that are new. */
  follow(entries: readonly McpEntry[]): Promise<void>;
  /** What they last listed, in the configuration's order. */
  tools(): readonly McpTool[];
  servers(): readonly {
    readonly name: string;
    readonly url: string | null;
    readonly tools: number;
    readonly fault: string | null;
  }[];
  close(): Promise<void>;
}

/** How long a session's beginning waits for servers that were never there yet. */
const patienceMs = 3_000;

interface Held {
  readonly key: string;
  readonly entry: McpEntry;
  readonly server: Server;
  /** Resolves when it has been tried, or has had its time. */
  readonly ready: Promise<void>;
}

/** Connects to nothing before the first `follow`. */
export function openHub(options: HubOptions): Hub {
  let held: readonly Held[] = [];
  const made = new WeakMap<Listed, McpTool>();
  const follow = async (entries: readonly McpEntry[]): Promise<void> => {
    const wanted = entries.filter(({ enabled }) => enabled).map((entry) => ({ entry, key: JSON.stringify(entry) }));
    const gone = held.filter(({ key }) => !wanted.some((each) => each.key === key));
    held = wanted.map(({ entry, key }) => held.find((each) => each.key === key) ?? begun(options, entry, key));
    for (const { server } of gone) void server.close().catch(() => undefined);
    await Promise.all(held.map(({ ready }) => ready));
  };
  return {
    follow,
    tools: () => held.flatMap(({ server }) => toolsOf(server, made)),
    servers: () =>
      held.map(({ entry: { name, url }, server }) => ({ name, url, tools: server.tools().length, fault: server.fault() })),
    async close() {
      await Promise.all(held.map(({ server }) => server.close()));
      held = [];
    },
  };
}

function begun(options: HubOptions, entry: McpEntry, key: string): Held {
  const server = start(options, entry);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, options.patienceMs ?? patienceMs);
  void server.tried.then(() => {
    clearTimeout(timer);
    resolve();
  });
  return { key, entry, server, ready: promise };
}

function start({ log, open, retryMs }: HubOptions, entry: McpEntry): Server {
  const { name, timeout, connectTimeout, approval, include, exclude } = entry;
  const server = openServer({
    name,
    line: lineOf(entry, open),
    timeoutMs: timeout * 1_000,
    connectMs: connectTimeout * 1_000,
    asks: approval,
    log,
    ...(retryMs === undefined ? {} : { retryMs }),
  });
  const chosen = (tool: string) => (include === null || include.includes(tool)) && !exclude.includes(tool);
  return { ...server, tools: () => server.tools().filter((tool) => chosen(tool.name)) };
}

function lineOf({ name, url, headers, command, args, env }: McpEntry, open: HubOptions["open"]): Line {
  if (url !== null) return httpLine(url, headers);
  // Its own, and nobody's: what it was given to know must not be read by a person's commands.
  const owner = { key: `mcp-${name.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-")}`, label: `MCP server ${name}` };
  return stdioLine({ command: command ?? "", args, env }, () => open(owner, "mcp"));
}
