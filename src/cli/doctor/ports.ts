import { createServer } from "node:net";
import { callControl } from "../../gateway/control-socket.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";
import { isLoopback } from "./risks.ts";

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
    await tried("ports.page", page),
    ...(await Promise.all(webhooks.map(async (place) => await tried("ports.webhook", place)))),
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
  // What listens everywhere is reached here too.
  const here = isLoopback(host) ? host : /^(?:0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host;
  const address = `http://${here.includes(":") ? `[${here}]` : here}:${port}`;
  const healthy = await fetch(`${address}/health`, { signal: AbortSignal.timeout(answerMs) }).then(
    (response) => response.ok,
    () => false,
  );
  if (healthy) return ok("ports.page", `The running service's page answers at ${address}.`);
  return warn(
    "ports.page",
    `A service runs, and its page does not answer at ${address}.`,
    "See its log; after a change of the port, restart it.",
  );
}

async function tried(id: "ports.page" | "ports.webhook", { host, port, what, key }: Place): Promise<CheckResult> {
  const code = await listened(host, port);
  if (code === null) return ok(id, `${host}:${port}, for ${what}, is free.`);
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
