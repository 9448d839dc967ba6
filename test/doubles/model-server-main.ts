import { parseArgs } from "node:util";
import { call, modelServerWith, say, type Seen, type Step } from "./model-server.ts";

// A model server on its own, for tests with several processes:
//   node test/doubles/model-server-main.ts --port 18080 --delay 5
// It answers "answer to: <last user text>" in pieces; "run: <command>" makes a terminal call first.

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    delay: { type: "string", default: "5" },
    pieces: { type: "string", default: "12" },
  },
});
const pace = { delayMs: Number(values.delay), pieces: Number(values.pieces) };
const server = await modelServerWith({ port: Number(values.port) }, echo);
process.stdout.write(`model server at ${server.url}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void server.close();
  });
}

function echo(seen: Seen, count: number): Step {
  const last = seen.body.messages.at(-1);
  const asked = seen.body.messages.findLast((message) => message.role === "user")?.content ?? "";
  const command = /run: (.+)/.exec(asked)?.[1];
  if (command !== undefined && last?.role === "user") return call("terminal", { command }, { ...pace, id: `call_${count}` });
  const result = last?.role === "tool" ? ` (${last.content ?? ""})` : "";
  return say(`answer to: ${asked}${result}`, pace);
}
