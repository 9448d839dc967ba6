import { createHash } from "node:crypto";
import { z } from "zod";
import type { Deed, Tool } from "../../core/tool.ts";
import { capText } from "../cap.ts";
import { resultText } from "./result.ts";
import { lengths, oneLine, trimmed } from "./schema.ts";
import type { Listed, Server } from "./server.ts";

/** A server's tool as ours. */
export interface McpTool extends Tool {
  /** What it can do, at more length than in a prompt, for whoever searches. */
  readonly long: { readonly description: string; readonly schema: Readonly<Record<string, unknown>> };
}

/** What servers of models take as a name. */
const longestName = 64;

/** The tools of a server; those made before are in `made`. */
export function toolsOf(server: Server, made: WeakMap<Listed, McpTool>): readonly McpTool[] {
  return server.tools().map((listed) => {
    const tool = made.get(listed) ?? toolOf(server, listed);
    made.set(listed, tool);
    return tool;
  });
}

/** The set of a server's tools. */
function setOf(server: string): `mcp-${string}` {
  return `mcp-${server}`;
}

/** The name that the model calls a tool by: `mcp_SERVER_TOOL`. */
function nameOf(server: string, tool: string): string {
  const name = `mcp_${server}_${tool}`;
  const plain = name.replaceAll(/[^\w-]/g, "_");
  if (plain === name && name.length <= longestName) return name;
  // Cut or changed, two could become one.
  const mark = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${plain.slice(0, longestName - mark.length - 1)}_${mark}`;
}

/** Stands for a tool that the session's prompt lists and that is not there now. */
export function awayTool(name: string): Tool {
  return {
    name,
    description: "",
    kind: "read",
    toolset: "mcp-away",
    parameters: z.record(z.string(), z.unknown()),
    preview: () => name,
    run: async () => {
      throw new Error(
        `${name} is away: its MCP server can't be reached, or has it no more. Do it another way, or say that it is away.`,
      );
    },
  };
}

function toolOf(server: Server, listed: Listed): McpTool {
  const short = trimmed(listed, lengths.prompt);
  const name = nameOf(server.name, listed.name);
  return {
    name,
    description: short.description,
    schema: short.schema,
    long: trimmed(listed, lengths.search),
    kind: listed.reads ? "read" : "effect",
    toolset: setOf(server.name),
    parameters: checkOf(listed.schema),
    ...(server.asks && !listed.reads ? { deeds: (args: unknown) => [deed(name, args)] } : {}),
    preview: (args) => oneLine(`${server.name}: ${listed.name} ${JSON.stringify(args)}`, 120),
    async run(args, { signal, progress, limits }) {
      const given = z.record(z.string(), z.unknown()).parse(args);
      const result = await server.call(listed, given, signal, progress);
      try {
        return capText(resultText(server.name, result), limits.resultChars);
      } catch (error) {
        throw new Error(capText(error instanceof Error ? error.message : String(error), limits.resultChars), { cause: error });
      }
    },
  };
}

function deed(name: string, args: unknown): Deed {
  return { kind: "call", command: `${name} ${JSON.stringify(args)}`, language: "shell", workdir: "" };
}

/** A first check here spares a round trip and says what is wrong in our words; what can't be read as a schema is the server's to check. */
function checkOf(schema: Readonly<Record<string, unknown>>): z.ZodType {
  try {
    return z.fromJSONSchema({ ...schema, type: "object" });
  } catch {
    return z.record(z.string(), z.unknown());
  }
}
