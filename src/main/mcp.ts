import { join } from "node:path";
import type { Environment } from "../config/home.ts";
import type { Config } from "../config/keys.ts";
import { followConfig } from "../config/live.ts";
import { openLog } from "../insights/log.ts";
import type { Hub } from "../tools/mcp/hub.ts";
import { lazyHub } from "./lazy-mcp.ts";
import { followSandboxes } from "./sandboxes.ts";

/** A program may have to be fetched first, and its sandbox made. */
const patienceMs = 20_000;

/** Connects to the configured MCP servers once, and tells what came of it. */
export async function tryMcp(config: Config, env: Environment): Promise<ReturnType<Hub["servers"]>> {
  await using stack = new AsyncDisposableStack();
  const log = await openLog({ directory: join(config.home, "logs"), level: config.logging.level, pretty: true, console: null });
  stack.defer(() => log.close());
  const follow = await followConfig(config, env, log);
  const sandboxes = followSandboxes(follow, log);
  stack.defer(() => sandboxes.close());
  const hub = lazyHub({ log, open: (owner, session) => sandboxes.open(owner, session), patienceMs });
  stack.defer(() => hub.close());
  await hub.follow(config.mcpServers);
  return hub.servers();
}
