import type { CommandPorts } from "../../core/command.ts";
import { recentFailures } from "../../store/failures.ts";
import { backlog } from "../../store/status.ts";
import type { GatewayParts } from "../parts.ts";

/** The version, and facts for a report of a fault: no names, no words, no addresses, no keys. */
export async function aboutLines(parts: GatewayParts): ReturnType<CommandPorts["about"]> {
  const [{ model, demonstration, sandbox, window = null }, open, failures, queue] = await Promise.all([
    parts.facts(),
    backlog(parts.db),
    recentFailures(parts.db, mostFailures),
    parts.queues.health(),
  ]);
  const { unrouted, waiting, running, undelivered } = open;
  const lines = [
    `node ${process.version}, ${process.platform} ${process.arch}, up ${Math.round(process.uptime() / 60)} min, ${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
    `model ${demonstration ? "built-in demonstration" : (model.split(/[\\/]/).at(-1) ?? "")}, window ${window ?? "unknown"}`,
    `sandbox ${sandbox.split(":")[0]}`,
    `queue ${queue === null ? "reached" : queue.code}`,
    `unrouted ${unrouted}, waiting ${waiting}, running ${running}, undelivered ${undelivered}`,
    `failures of the last day: ${failures.length === 0 ? "none" : failures.map(({ code, count }) => `${code} ${count}`).join(", ")}`,
  ];
  return { version: parts.version, lines };
}

const mostFailures = 8;
