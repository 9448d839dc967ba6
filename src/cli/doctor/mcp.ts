import { shownAddress } from "../../model/address.ts";
import type { McpState } from "../context.ts";
import { type CheckInput, type CheckResult, fail, ok } from "./check.ts";

/** Each MCP server that is configured, connected to once. */
export async function checkMcp({ context, loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  if (config.mcpServers.length === 0) return [ok("mcp.server", "No MCP server is configured.")];
  const off = config.mcpServers.filter(({ enabled }) => !enabled).map(({ name }) => ok("mcp.server", `${name} is switched off.`));
  const states = await (await context.product()).tryMcp(config, context.env);
  return [...states.map(result), ...off];
}

function result({ name, url, tools, fault }: McpState): CheckResult {
  const where = url === null ? "a program in its sandbox" : shownAddress(url).replace(/\?.*$/, "");
  if (fault === null) return ok("mcp.server", `${name}: ${tools} ${tools === 1 ? "tool" : "tools"}, ${where}.`);
  const text = `${name} is away (${where}): ${/[.)]$/.test(fault) ? fault : `${fault}.`}`;
  return fail("mcp.server", text, `Mend mcp_servers.${name}, or set its enabled to false.`);
}
