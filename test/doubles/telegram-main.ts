import type { IncomingMessage, ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { type TelegramServer, telegramServer } from "./telegram.ts";
import type { Fault, Target } from "./telegram-faults.ts";
import { type Params, readBody, record, reply } from "./telegram-wire.ts";

// A Bot API server on its own, for tests with several processes:
//   node test/doubles/telegram-main.ts --port 18081 --token 42:secret
// Steered over HTTP: POST /control/{say,press,stop,fault,redeliver,chat}, GET /control/{messages,drafts,calls,state}.

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    token: { type: "string", default: "42:AAtest-token-of-the-standalone-double0" },
    latency: { type: "string", default: "0" },
    drafts: { type: "string", default: "yes" },
  },
});
const server: TelegramServer = await telegramServer({
  port: Number(values.port),
  token: values.token,
  latencyMs: Number(values.latency),
  drafts: values.drafts !== "no",
  route,
});
process.stdout.write(`telegram at ${server.url} token ${server.token}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void server.close();
  });
}

async function route(request: IncomingMessage, url: URL, response: ServerResponse): Promise<boolean> {
  const action = /^\/control\/(\w+)$/.exec(url.pathname)?.[1];
  if (action === undefined) return false;
  try {
    const body = request.method === "POST" ? record(JSON.parse(await readBody(request))) : null;
    const result = body ? act(action, body) : tell(action, url.searchParams);
    await reply(response, result === undefined ? 404 : 200, result ?? { error: `no such control: ${action}` });
  } catch (error) {
    await reply(response, 400, { error: String(error) });
  }
  return true;
}

function act(action: string, body: Params): unknown {
  // A test's own words, checked by what they cause.
  const { chat, text, message, data, update, target, fault, ...options } = body as Params & {
    chat: number;
    text: string;
    message: number;
    data: string;
  };
  switch (action) {
    case "say":
      return { update: server.say(chat, text, options) };
    case "press":
      return { update: server.press(chat, message, data, options) };
    case "stop":
      return { update: server.stopDraft(chat) };
    case "redeliver":
      return { done: server.redeliver(Number(update)) ?? true };
    case "fault":
      server.fault(target as Target, fault as Fault);
      return { done: true };
    case "chat":
      return { done: server.chat(chat, options) ?? true };
    default:
      return undefined;
  }
}

function tell(action: string, query: URLSearchParams): unknown {
  const chat = query.get("chat");
  const method = query.get("method");
  switch (action) {
    case "messages":
      return chat === null
        ? Object.fromEntries(server.chats().map((each) => [each, server.messages(each)]))
        : server.messages(Number(chat));
    case "drafts":
      return server.drafts(Number(chat));
    case "calls":
      return server.calls.filter((call) => method === null || call.method === method);
    case "state":
      return { confirmed: server.confirmed, pending: server.pending, commands: server.commands, calls: server.calls.length };
    default:
      return undefined;
  }
}
