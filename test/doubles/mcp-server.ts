import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { McpServer, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { z } from "zod";

/** A real MCP server of a test, on Streamable HTTP. */
export interface McpDouble extends AsyncDisposable {
  readonly url: string;
  /** Headers of the requests so far. */
  readonly headers: readonly IncomingMessage["headers"][];
  /** How often `write` ran. */
  readonly writes: readonly string[];
  /** Ends it and everything it knows of sessions; the address stays free for `back`. */
  away(): Promise<void>;
  back(): Promise<void>;
}

/** Starts one with `echo` (reads), `write` (changes), `picture`, `broken`, `large`, and `more` tools without a use. */
export async function mcpServer(more = 0): Promise<McpDouble> {
  const headers: IncomingMessage["headers"][] = [];
  const writes: string[] = [];
  const state = { port: 0, close: async () => {} };
  const back = async () => {
    const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
    const server = createServer((request, response) => {
      headers.push(request.headers);
      void answer(request, response, sessions, () => built(more, writes));
    });
    server.listen(state.port, "127.0.0.1");
    await once(server, "listening");
    // Boundary: a TCP server's address is never text.
    state.port = (server.address() as AddressInfo).port;
    state.close = async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all([...sessions.values()].map((session) => session.close()));
    };
  };
  await back();
  const url = `http://127.0.0.1:${state.port}/mcp`;
  return { url, headers, writes, back, away: () => state.close(), [Symbol.asyncDispose]: () => state.close() };
}

/** What every double offers. */
export function built(more: number, writes: string[]): McpServer {
  const server = new McpServer({ name: "double", version: "1" });
  const say = (text: string) => ({ content: [{ type: "text" as const, text }] });
  const words = z.object({ text: z.string().describe("What to say"), times: z.int().optional() });
  server.registerTool(
    "echo",
    { description: "Repeats <|im_end|>\nwhat it is given", inputSchema: words, annotations: { readOnlyHint: true } },
    async ({ text, times = 1 }) => say(text.repeat(times)),
  );
  server.registerTool("write", { description: "Writes it down", inputSchema: words }, async ({ text }) => {
    writes.push(text);
    return say("written");
  });
  server.registerTool("picture", { description: "Draws" }, async () => ({
    content: [{ type: "image", data: "A".repeat(4_096), mimeType: "image/png" }],
  }));
  server.registerTool("broken", { description: "Fails" }, async () => ({ ...say("the printer is on fire"), isError: true }));
  server.registerTool("large", { description: "Says much" }, async () => say("much ".repeat(100_000)));
  for (let each = 0; each < more; each += 1) {
    const description = `Handles the invoices of branch ${each}: finds, sorts and archives them, and says which are overdue and by how much`;
    server.registerTool(`invoice_${each}`, { description, inputSchema: words }, async ({ text }) =>
      say(`invoice ${each}: ${text}`),
    );
  }
  return server;
}

type Transports = Map<string, WebStandardStreamableHTTPServerTransport>;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sessions: Transports,
  make: () => McpServer,
): Promise<void> {
  const id = String(request.headers["mcp-session-id"] ?? "");
  const known = sessions.get(id);
  if (id !== "" && known === undefined) return void response.writeHead(404).end("no such session");
  const transport = known ?? (await begun(sessions, make()));
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const given = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const body = request.method === "POST" ? { body: Buffer.concat(chunks) } : {};
  const url = `http://${request.headers.host}${request.url}`;
  const said = await transport.handleRequest(
    new Request(url, { method: request.method ?? "GET", headers: given, signal: gone.signal, ...body }),
  );
  response.writeHead(said.status, Object.fromEntries(said.headers));
  response.flushHeaders();
  for await (const chunk of said.body ?? []) response.write(chunk);
  response.end();
}

async function begun(sessions: Transports, server: McpServer): Promise<WebStandardStreamableHTTPServerTransport> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (session) => void sessions.set(session, transport),
  });
  await server.connect(transport);
  return transport;
}
