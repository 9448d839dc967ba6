import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parsed } from "./arguments.ts";
import { newCallId } from "./calls.ts";
import { demoAnswer, demoRequest, type DemoAnswer } from "./demo-script.ts";

/** The demonstration's own model server on a loopback port, reached like any other. */
export interface Demo {
  readonly address: string;
  readonly model: string;
  close(): Promise<void>;
}

const model = "demonstration";

/** Starts it on a free port, with this pause between two pieces of an answer. */
export async function openDemo(pieceMs: number): Promise<Demo> {
  const server = createServer((request, response) => {
    serve(request, response, pieceMs).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the demonstration has no port");
  return {
    address: `http://127.0.0.1:${address.port}/v1`,
    model,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, pieceMs: number): Promise<void> {
  if (request.url === "/v1/models")
    return json(response, 200, { object: "list", data: [{ id: model, object: "model", owned_by: "hermes-team" }] });
  if (request.method !== "POST" || request.url !== "/v1/chat/completions")
    return json(response, 404, { error: { message: "no such path" } });
  const body = await read(request);
  const asked = demoRequest.safeParse(parsed(body));
  if (!asked.success) return json(response, 400, { error: { message: "not a chat request" } });
  await stream(response, demoAnswer(asked.data), Math.ceil(body.length / 4), pieceMs);
}

async function stream(response: ServerResponse, answer: DemoAnswer, promptTokens: number, pieceMs: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const pieces = answer.text.match(/[\s\S]{1,4}/gu) ?? [];
  send(response, { role: "assistant", content: "" }, null);
  for (const content of pieces) {
    if (response.destroyed) return;
    send(response, { content }, null);
    await sleep(pieceMs);
  }
  if (answer.call !== null) {
    const { name, arguments: args } = answer.call;
    send(response, { tool_calls: [{ index: 0, id: newCallId(), type: "function", function: { name, arguments: args } }] }, null);
  }
  send(response, {}, answer.call === null ? "stop" : "tool_calls");
  const usage = { prompt_tokens: promptTokens, completion_tokens: pieces.length, total_tokens: promptTokens + pieces.length };
  response.write(`data: ${JSON.stringify({ object: "chat.completion.chunk", model, choices: [], usage })}\n\n`);
  response.end("data: [DONE]\n\n");
}

function send(response: ServerResponse, delta: unknown, finish: string | null): void {
  const chunk = { object: "chat.completion.chunk", model, choices: [{ index: 0, delta, finish_reason: finish }] };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let body = "";
  for await (const part of request) body += String(part);
  return body;
}
