import { createServer, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";

// A model server that costs little: every stream is written to by one timer, one token a packet (or as many as asked).
//   node bench/token-server.ts
// The last message says what to send: `{"tokens":400,"everyMs":50,"perPacket":1}`.

const phases = 10;
const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });

interface Stream {
  readonly response: ServerResponse;
  readonly everyMs: number;
  readonly perPacket: number;
  left: number;
  dueAt: number;
}

const streams = new Set<Stream>();
let begun = 0;

const server = createServer((request, response) => {
  if (request.url?.endsWith("/models") === true)
    return void response.end(JSON.stringify({ data: [{ id: "bench", owned_by: "bench" }] }));
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    if (request.url?.endsWith("/chat/completions") !== true) {
      response.writeHead(404, { "content-type": "application/json" });
      return void response.end('{"error":{"message":"File Not Found"}}');
    }
    const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as { messages: { content: string }[] }; // our own client's
    const wish = JSON.parse(body.messages.at(-1)?.content ?? "") as { tokens: number; everyMs: number; perPacket: number }; // as above
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.socket?.setNoDelay(true);
    // Spread, as answers that began at different times are.
    const dueAt = performance.now() + (wish.everyMs * (begun++ % phases)) / phases;
    const stream = { response, left: wish.tokens, everyMs: wish.everyMs, perPacket: wish.perPacket, dueAt };
    streams.add(stream);
    response.on("close", () => streams.delete(stream));
  });
});

const words = [" the", " model", " says", " that", " it", " is", " nearly", " done", ",", " and", " then", " goes", " on"];
const frames = words.map((content) => frame({ content }, null));
const end = `${frame({}, "stop")}data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 9 } })}\n\ndata: [DONE]\n\n`;

function frame(delta: unknown, finish: string | null): string {
  const head = {
    id: "chatcmpl-QMzwn0h99XMcNdjehAkAHPE261SYy1b5",
    object: "chat.completion.chunk",
    created: 1_795_229_581,
    model: "bench",
  };
  return `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

function beat(): void {
  const now = performance.now();
  for (const stream of streams) {
    if (stream.dueAt > now) continue;
    stream.dueAt += stream.everyMs;
    const count = Math.min(stream.perPacket, stream.left);
    stream.left -= count;
    const text = Array.from({ length: count }, (_, at) => frames[(stream.left + at) % frames.length]).join("");
    if (stream.left > 0) stream.response.write(text);
    else {
      streams.delete(stream);
      stream.response.end(text + end);
    }
  }
}

setInterval(beat, 2);
server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.stdout.write(`http://127.0.0.1:${address.port}/v1\n`);
});
