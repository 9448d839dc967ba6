import { z } from "zod";
import { type Tool, tool } from "../../core/tool.ts";
import { parseArguments } from "../arguments.ts";
import { oneLine } from "./schema.ts";
import type { McpTool } from "./tools.ts";

/** Characters of JSON that are a token in prompts such as these (measured: 3.6 to 4.4). */
const charsPerToken = 3.5;
/** What all MCP tools together may take of a prompt. */
const budgetTokens = 1_200;
/** What the two tools here take of it. */
const bridgeTokens = 160;
const mostFound = 5;
const mostNames = 60;

/** What of the tools fits into a prompt, in their order; the rest is found by the two tools of the bridge. */
export function fitting(tools: readonly McpTool[]): { readonly listed: readonly McpTool[]; readonly rest: readonly McpTool[] } {
  const all = tools.map((each) => ({ each, cost: tokens(each) }));
  if (all.reduce((sum, { cost }) => sum + cost, 0) <= budgetTokens) return { listed: tools, rest: [] };
  let left = budgetTokens - bridgeTokens;
  const listed = all.filter(({ cost }) => {
    if (cost > left) return false;
    left -= cost;
    return true;
  });
  const names = new Set(listed.map(({ each }) => each.name));
  return { listed: tools.filter(({ name }) => names.has(name)), rest: tools.filter(({ name }) => !names.has(name)) };
}

function tokens({ name, description, schema }: McpTool): number {
  // What every API puts around a tool.
  return Math.ceil(
    JSON.stringify({ type: "function", function: { name, description, parameters: schema } }).length / charsPerToken,
  );
}

/** `tool_search` and `tool_call`, over the tools that whoever asks may use. */
export function bridge(tools: readonly McpTool[]): readonly Tool[] {
  return [searching(tools), calling(tools)];
}

function searching(tools: readonly McpTool[]): Tool {
  return tool({
    name: "tool_search",
    description: oneLine(`Find more tools, of ${counted(tools)}.`, 200),
    kind: "read",
    toolset: "mcp-search",
    parameters: z.strictObject({ query: z.string().describe("A few words on what to do.") }),
    preview: ({ query }) => `find tools: ${query}`,
    run: async ({ query }) => {
      const found = ranked(tools, query).slice(0, mostFound);
      if (found.length === 0) return `Nothing fits. All are: ${named(tools)}`;
      return found
        .map(({ name, long }) => `${name}: ${long.description}\nparameters: ${JSON.stringify(long.schema)}`)
        .join("\n\n")
        .concat("\n\nCall one with tool_call.");
    },
  });
}

function calling(tools: readonly McpTool[]): Tool {
  const parameters = z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) });
  const find = (name: string) => tools.find((each) => each.name === name.trim());
  return tool({
    name: "tool_call",
    description: "Call a tool that tool_search found.",
    kind: "effect",
    toolset: "mcp-search",
    parameters,
    deeds: ({ name, arguments: args }) => find(name)?.deeds?.(args) ?? [],
    preview: ({ name, arguments: args }) => find(name)?.preview(args) ?? name,
    async run({ name, arguments: args }, context) {
      const found = find(name);
      if (found === undefined)
        throw new Error(`There is no tool ${oneLine(name, 80)} here. tool_search finds them: ${named(tools)}`);
      const parsed = parseArguments(found, JSON.stringify(args));
      if (!parsed.ok) throw new Error(parsed.error);
      return await found.run(parsed.args, context);
    },
  });
}

/** How many each server has: `github (40), jira (12)`. */
function counted(tools: readonly McpTool[]): string {
  const sets = [...new Set(tools.map(({ toolset }) => toolset))];
  return sets.map((set) => `${set.slice("mcp-".length)} (${tools.filter(({ toolset }) => toolset === set).length})`).join(", ");
}

function named(tools: readonly McpTool[]): string {
  const names = tools.map(({ name }) => name);
  const more = names.length > mostNames ? `, and ${names.length - mostNames} more` : "";
  return names.length === 0 ? "there is none now." : `${names.slice(0, mostNames).join(", ")}${more}.`;
}

/** By how many of the query's words stand in the name, which counts three times, and in the description. */
function ranked(tools: readonly McpTool[], query: string): readonly McpTool[] {
  const words = [...new Set(query.toLowerCase().split(/[^\p{L}\p{N}]+/u))].filter((word) => word.length > 1);
  const score = ({ name, long }: McpTool) => {
    const [title, text] = [name.toLowerCase(), `${long.description} ${JSON.stringify(long.schema)}`.toLowerCase()];
    return words.reduce((sum, word) => sum + (title.includes(word) ? 3 : 0) + (text.includes(word) ? 1 : 0), 0);
  };
  return tools
    .map((each) => ({ each, points: score(each) }))
    .filter(({ points }) => points > 0)
    .toSorted((one, other) => other.points - one.points)
    .map(({ each }) => each);
}
