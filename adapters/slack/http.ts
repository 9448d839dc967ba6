import type { ServerResponse } from "node:http";
import { HTTPReceiver } from "@slack/bolt";
import { Failure } from "../../src/core/failures.ts";
import type { Log } from "../../src/core/log.ts";
import { quietLogger } from "./api.ts";
import { type Fields, fields } from "./fields.ts";
import { appOf, type Door } from "./socket.ts";

export interface HttpParts {
  readonly signingSecret: string;
  readonly host: string;
  readonly port: number;
  take(body: Fields): Promise<void>;
  readonly log: Log;
}

const path = "/slack/events";
/** Slack waits three seconds; what is not stored by then it is to tell again. */
const patienceMs = 2_500;

/** Listens where Slack calls: signatures, ages and the address's proof are checked by the SDK. */
export async function openHttp(parts: HttpParts): Promise<Door> {
  const { signingSecret, host, port, log } = parts;
  const taking = new Set<Promise<void>>();
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: [path],
    logger: quietLogger(log),
    dispatchErrorHandler: ({ response }) => refuse(response, 404),
    unhandledRequestHandler: () => undefined,
    async processEventErrorHandler({ response }) {
      refuse(response, 503);
      return true;
    },
  });
  receiver.init(
    appOf(async (event) => {
      const work = parts.take(fields(event.body));
      const settled = work.catch(() => undefined);
      taking.add(settled);
      void settled.then(() => taking.delete(settled));
      await inTime(work);
      await event.ack();
    }),
  );
  const server = await receiver.start({ host, port }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("config.invalid", `can't listen for Slack at ${host}:${port} (${why})`, {
      advice: "Set SLACK_HTTP_PORT to a free port.",
    });
  });
  const address = server.address();
  const at = typeof address === "object" && address !== null ? address.port : port;
  log.info({ port: at }, `listening for Slack at http://${host}:${at}${path}`);
  return {
    async close() {
      server.closeIdleConnections();
      await receiver.stop().catch(() => undefined);
      await Promise.all(taking);
    },
  };
}

async function inTime(work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it took too long to store")), patienceMs);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) return;
  response.writeHead(status);
  response.end();
}
