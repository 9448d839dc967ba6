import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Transport } from "@modelcontextprotocol/server";
import { built } from "./mcp-server.ts";

/** An MCP server as they were before Streamable HTTP: events on one connection, requests on others. */
export interface SseDouble extends AsyncDisposable {
  readonly url: string;
  /** `METHOD path` of the requests so far. */
  readonly asked: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  readonly writes: readonly string[];
}

/** Starts one with the tools of `mcpServer`. */
export async function sseServer(): Promise<SseDouble> {
  const [asked, headers, writes]: [string[], IncomingMessage["headers"][], string[]] = [[], [], []];
  const streams = new Map<string, Transport>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://double");
    asked.push(`${request.method} ${url.pathname}`);
    headers.push(request.headers);
    if (url.pathname === "/messages") return void take(request, response, streams.get(url.searchParams.get("session") ?? ""));
    if (url.pathname !== "/sse" || request.method !== "GET") return void response.writeHead(405).end();
    const session = String(streams.size);
    const transport = stream(response);
    streams.set(session, transport);
    void built(0, writes)
      .connect(transport)
      .then(() => response.write(`event: endpoint\ndata: /messages?session=${session}\n\n`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // Boundary: a TCP server's address is never text.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sse`,
    asked,
    headers,
    writes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What the server says goes out as events. */
function stream(response: ServerResponse): Transport {
  const transport: Transport = {
    async start() {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.on("close", () => transport.onclose?.());
    },
    async send(message) {
      response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    },
    async close() {
      response.end();
    },
  };
  return transport;
}

async function take(request: IncomingMessage, response: ServerResponse, transport: Transport | undefined): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  if (transport === undefined) return void response.writeHead(404).end();
  response.writeHead(202).end("Accepted");
  transport.onmessage?.(JSON.parse(Buffer.concat(chunks).toString("utf8")));
}
