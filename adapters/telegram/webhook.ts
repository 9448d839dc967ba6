import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Update } from "grammy/types";
import { Failure } from "../../src/core/failures.ts";
import type { Log } from "../../src/core/log.ts";
import { callSignal } from "./client.ts";
import { reason } from "./errors.ts";
import { wantedUpdates } from "./inbound.ts";
import type { Polling, PollingParts } from "./polling.ts";

/** Where Telegram sends to, and where that arrives here. */
export interface WebhookOptions {
  /** The address outside; its path is the only one that is answered. */
  readonly url: string;
  readonly secret: string;
  readonly host: string;
  readonly port: number;
}

/** Updates are at most some kilobytes; what is larger is no update. */
const longestBody = 1024 * 1024;
const bodyMs = 10_000;

/** Receives what Telegram sends, one update at a time, and answers each when it is stored: until then Telegram sends it again. */
export async function startWebhook(
  { client, take, log }: PollingParts,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<Polling> {
  const underWay = new Set<Promise<number>>();
  const { pathname } = new URL(options.url);
  const server = createServer({ requestTimeout: bodyMs }, (request, response) => {
    const answered = answer(request, { take, log, pathname, secret: options.secret }).catch(() => 400);
    underWay.add(answered);
    void answered.then((status) => {
      underWay.delete(answered);
      response.writeHead(status, status === 200 ? {} : { connection: "close" }).end();
    });
  });
  await listen(server, options);
  try {
    // One at a time: several at once would come in any order.
    const params = { url: options.url, secret_token: options.secret, max_connections: 1, allowed_updates: wantedUpdates };
    await client.api.raw.setWebhook(params, callSignal(signal));
  } catch (error) {
    await new Promise((resolve) => server.close(resolve));
    throw new Failure("platform.unavailable", `Telegram did not take the webhook (${reason(error)}).`, {
      retryable: true,
      advice: "TELEGRAM_WEBHOOK_URL must be an https address that Telegram reaches, on port 443, 80, 88 or 8443.",
    });
  }
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  log.info({ host: options.host, port, path: pathname }, "Telegram sends to the webhook; listening for it");
  return {
    // The webhook stays registered: meanwhile Telegram keeps what comes.
    async stop() {
      const closed = once(server, "close");
      server.close();
      await Promise.all(underWay);
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answering extends Pick<PollingParts, "take"> {
  readonly log: Log;
  readonly pathname: string;
  readonly secret: string;
}

async function answer(request: IncomingMessage, { take, log, pathname, secret }: Answering): Promise<number> {
  if (request.method !== "POST" || new URL(request.url ?? "/", "http://webhook").pathname !== pathname) return 404;
  if (!same(String(request.headers["x-telegram-bot-api-secret-token"] ?? ""), secret)) {
    log.warn({}, "somebody who does not know the webhook's secret sent to it");
    return 401;
  }
  const body = await read(request);
  if (body === null) return 413;
  const update: unknown = JSON.parse(body);
  if (!isUpdate(update)) return 400;
  try {
    await take(update);
    return 200;
  } catch {
    return 503;
  }
}

/** Null for what is too long. */
async function read(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = part as Buffer; // no encoding is set, so parts are buffers
    size += bytes.length;
    if (size > longestBody) return null;
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

function same(given: string, secret: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(secret)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Only its number is relied on here. */
function isUpdate(value: unknown): value is Update {
  return typeof value === "object" && value !== null && "update_id" in value && Number.isSafeInteger(value.update_id);
}

async function listen(server: Server, { host, port }: WebhookOptions): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new Failure("config.invalid", `Telegram's webhook can't listen on ${host}:${port} (${code}).`, {
      advice: "Set TELEGRAM_WEBHOOK_HOST and TELEGRAM_WEBHOOK_PORT to a free port of this machine.",
    });
  }
}
