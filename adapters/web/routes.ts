import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Inlet } from "../../src/core/adapter.ts";
import { asFailure, Failure } from "../../src/core/failures.ts";
import { largestFile, mostFiles } from "../../src/core/files.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Conversation } from "./conversation.ts";
import { refuse } from "./guard.ts";
import { footerHtml } from "./html.ts";
import { type HistoryItem, type Probe, webAccount, webChat, type WebOptions } from "./options.ts";
import type { Renderer } from "./renderer.ts";
import type { Stream } from "./stream.ts";

/** What the routes work on. `inlet` is null while the adapter takes nothing in. */
export interface RouteParts {
  readonly options: WebOptions;
  readonly conversation: Conversation;
  readonly stream: Stream;
  readonly renderer: Renderer;
  inlet(): Inlet | null;
}

/** A reload shows so many of the newest lines. */
const historyItems = 200;

const id = z.string().regex(/^[\w-]{8,64}$/);
const messageBody = z
  .object({ id, text: z.string(), files: z.array(id).max(mostFiles).default([]) })
  .refine(({ text, files }) => text.trim() !== "" || files.length > 0);
const stopBody = z.object({ id, turn: z.string().max(200).nullable() });
/** Sixty-four bytes: what the smallest platform's buttons carry. */
const pressBody = z.object({ id, data: z.string().min(1).max(64) });

/** The page's own interface. */
export function addRoutes(server: FastifyInstance, parts: RouteParts): void {
  const { options, conversation } = parts;
  const base = (request: FastifyRequest) => ({
    chat: webChat,
    kind: "private" as const,
    sender: { ...webAccount, ...languageOf(request) },
    at: Date.now(),
  });

  server.post("/api/messages", async (request, reply) => {
    const body = messageBody.safeParse(request.body);
    if (!body.success) return refuse(request, reply, 400, "There is nothing to send.");
    const { id: messageId, text } = body.data;
    const files = await options.files.of(body.data.files);
    if (files.length < body.data.files.length)
      return refuse(request, reply, 400, "A file is gone. Take it off and attach it again.");
    const refs = files.length === 0 ? {} : { files: files.map(({ id: ref, kind, name, size }) => ({ kind, name, size, ref })) };
    const about = { ...base(request), text, ...refs, messageId, addressed: true };
    const taken = await receive(parts, request, reply, { type: "message", key: `web:${messageId}`, ...about });
    if (taken) conversation.person(messageId, text, files, about.at);
    return reply;
  });
  server.post("/api/stop", async (request, reply) => {
    const body = stopBody.safeParse(request.body);
    if (!body.success) return refuse(request, reply, 400, "This is not a request to stop.");
    const { id: stopId, turn } = body.data;
    await receive(parts, request, reply, { type: "stop", key: `web:stop:${stopId}`, ...base(request), turn });
    return reply;
  });
  server.post("/api/press", async (request, reply) => {
    const body = pressBody.safeParse(request.body);
    if (!body.success) return refuse(request, reply, 400, "This is not one of the buttons.");
    const { id: pressId, data } = body.data;
    await receive(parts, request, reply, { type: "button", key: `web:press:${pressId}`, ...base(request), data });
    return reply;
  });
  server.get("/api/status", async () => ({ ...(await options.status()), files: { largest: largestFile, most: mostFiles } }));
  server.get("/api/history", () => history(parts));
  server.get("/api/events", (request, reply) => events(parts, request, reply));
}

/** What monitors ask, without the token. */
export function addProbes(server: FastifyInstance, { options }: RouteParts): void {
  const answer = (reply: FastifyReply, probe: Probe) => reply.code(probe.ok ? 200 : 503).send({ ok: probe.ok, ...probe.details });
  server.get("/health", async (_request, reply) => answer(reply, await options.probes.health()));
  server.get("/ready", async (_request, reply) => answer(reply, await options.probes.ready()));
  server.get("/metrics", async (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(await options.probes.metrics()),
  );
}

/** What the browser prefers, which is the page's `navigator.language`. */
function languageOf({ headers }: FastifyRequest): { readonly language?: string } {
  const language = /^\s*([a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3})\b/i.exec(headers["accept-language"] ?? "")?.[1];
  return language === undefined ? {} : { language };
}

/** Answers 202 only when the inbox has it. */
async function receive(parts: RouteParts, request: FastifyRequest, reply: FastifyReply, inbound: Inbound): Promise<boolean> {
  try {
    const inlet = parts.inlet();
    if (!inlet) throw new Failure("state.unavailable", "Hermes is stopping or starting.");
    await inlet.receive(inbound);
    reply.code(202).send({ ok: true });
    return true;
  } catch (thrown) {
    const failure = asFailure(thrown);
    parts.options.log.warn(
      { key: inbound.key, code: failure.code, error: failure.message },
      "an event from the page was not stored",
    );
    refuse(request, reply, 503, "Hermes could not take this in just now. Nothing is lost: send it again in a moment.");
    return false;
  }
}

async function history({ options, conversation, renderer }: RouteParts): Promise<object> {
  const items = (await options.history(webChat, webAccount)).slice(-historyItems);
  const shown: object[] = [];
  for (const item of items) {
    shown.push(await historyLine(item, renderer));
    await yieldToOthers();
  }
  const said = items.filter(({ role }) => role === "agent").map(({ markdown }) => markdown);
  return { items: shown, answered: conversation.answeredBy(said) };
}

async function historyLine(
  { id: key, role, markdown, footer, buttons = [], files = [], tools = [], at }: HistoryItem,
  renderer: Renderer,
): Promise<object> {
  if (role === "person") return { id: key, role, text: markdown, files, at };
  return { id: key, role, html: (await renderer.html(markdown)) + footerHtml(footer), buttons, files, tools, at };
}

function events({ conversation, stream }: RouteParts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = new URL(request.url, "http://page").searchParams.get("last");
  const last = request.headers["last-event-id"] ?? asked;
  reply.hijack();
  const headers = { ...reply.getHeaders(), "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
  reply.raw.writeHead(200, headers as Record<string, string>); // Fastify's type allows undefined; none of ours is.
  const attached = stream.attach(reply.raw, typeof last === "string" ? last : null, () => conversation.fresh());
  if (!attached) reply.raw.end("event: full\ndata: {}\n\n");
  return reply;
}
