import { createServer } from "node:net";
import { z } from "zod";
import { callControl } from "../../gateway/control-socket.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

const answerMs = 3_000;

/** The page's port, and those that platforms send to: free, or held by the service that runs here. */
export async function checkPorts({ context, loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const { http, telegram, slack } = config;
  const running = await callControl(context.home, { command: "who", args: [] }, answerMs).catch(() => null);
  if (running !== null) return [await pageResult(http.host, http.port)];
  const webhooks: readonly Place[] = [
    ...(telegram.botToken !== null && telegram.webhookUrl !== null
      ? [{ host: telegram.webhookHost, port: telegram.webhookPort, what: "Telegram's webhook", key: "telegram.webhook_port" }]
      : []),
    ...(slack.botToken !== null && slack.appToken === null && slack.signingSecret !== null
      ? [{ host: slack.httpHost, port: slack.httpPort, what: "Slack", key: "slack.http_port" }]
      : []),
  ];
  const page = { host: http.host, port: http.port, what: "the page", key: "http.port" };
  return [
    await tried("ports.page", page, page),
    ...(await Promise.all(webhooks.map(async (place) => await tried("ports.webhook", place, page)))),
  ];
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly what: string;
  readonly key: string;
}

async function pageResult(host: string, port: number): Promise<CheckResult> {
  if (port === 0) return ok("ports.page", "The page has any free port.");
  if (await isOurs(host, port)) return ourPage(host, port);
  const text = `A service runs, and its page does not answer at ${addressOf(host, port)}.`;
  return warn("ports.page", text, "See its log; after a change of the port, restart it.");
}

function ourPage(host: string, port: number): CheckResult {
  return ok("ports.page", `The running service's page answers at ${addressOf(host, port)}.`);
}

/** What listens everywhere is reached here too. */
function addressOf(host: string, port: number): string {
  const here = /^(?:0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host;
  return `http://${here.includes(":") ? `[${here}]` : here}:${port}`;
}

const healthSchema = z.object({ version: z.string(), uptimeSeconds: z.number() });

/** A gateway or worker by itself has no socket in the home; its page says who it is. */
async function isOurs(host: string, port: number): Promise<boolean> {
  return await fetch(`${addressOf(host, port)}/health`, { signal: AbortSignal.timeout(answerMs) }).then(
    async (response) => healthSchema.safeParse(await response.json().catch(() => null)).success,
    () => false,
  );
}

/** `page`: where this service's page would be, if it runs. */
async function tried(id: "ports.page" | "ports.webhook", { host, port, what, key }: Place, page: Place): Promise<CheckResult> {
  const code = await listened(host, port);
  if (code === null) return ok(id, `${host}:${port}, for ${what}, is free.`);
  if (code === "EADDRINUSE" && (await isOurs(page.host, page.port).catch(() => false)))
    return id === "ports.page" ? ourPage(host, port) : ok(id, `${host}:${port}, for ${what}, is held by the running service.`);
  const reason = reasons[code] ?? `can't be had (${code})`;
  return fail(id, `${host}:${port}, for ${what}, ${reason}.`, `\`hermes config set ${key} N\`, or end what has it.`);
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program",
  EACCES: "is not for this account (below 1024)",
  EADDRNOTAVAIL: "is no address of this machine",
};

/** The error's code; null when it can be had. */
async function listened(host: string, port: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  return await promise;
}
