import { randomUUID } from "node:crypto";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { shownAddress } from "../model/address.ts";
import type { Check, CheckInput, CheckResult } from "./check.ts";
import { callControl } from "../gateway/control-socket.ts";
import type { McpState } from "./context.ts";
import { checkDiscord } from "./discord-check.ts";
import { findModels } from "./model-server.ts";
import { pingRedis } from "./redis-ping.ts";
import { checkSandbox } from "./sandbox-check.ts";
import { checkSlack } from "./slack-check.ts";
import { checkTools } from "./tool-check.ts";

/** All checks, in the order they are printed. */
export const checks: readonly Check[] = [
  { name: "home", run: checkHome },
  { name: "config", run: checkConfig },
  { name: "record", run: checkRecord },
  { name: "redis", run: checkRedis },
  { name: "sandbox", run: checkSandbox },
  { name: "model", run: checkModel },
  { name: "tools", run: checkTools },
  { name: "mcp", run: checkMcp },
  { name: "telegram", run: checkTelegram },
  { name: "discord", run: checkDiscord },
  { name: "slack", run: checkSlack },
];

const answerMs = 5_000;
/** Under this a database and its log can fill the disk within a day. */
const leastFreeBytes = 500 * 1024 * 1024;

async function checkHome({ context: { home } }: CheckInput): Promise<CheckResult[]> {
  const probe = join(home, `.${randomUUID()}.tmp`);
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(probe, "x");
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return [
      {
        state: "fail",
        text: `${home} can't be written: ${reason}`,
        mend: "Make it writable, or set HERMES_HOME to another directory.",
      },
    ];
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const text = `${home} is writable, ${Math.round(free / 1024 / 1024)} MB are free.`;
  return [free < leastFreeBytes ? { state: "warn", text, mend: "Make room on that disk." } : ok(text)];
}

async function checkConfig({ loaded: { findings } }: CheckInput): Promise<CheckResult[]> {
  if (findings.length === 0) return [ok("No finding.")];
  return findings.map(({ severity, message, mend }) => ({ state: severity === "error" ? "fail" : "warn", text: message, mend }));
}

/** The running service answers for its record; otherwise the record is opened here, which migrates it too. */
async function checkRecord({ context, loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const kind = config.stateUrl === null ? "embedded" : "Postgres";
  const who = await callControl(context.home, { command: "who", args: [] }, answerMs);
  if (who !== null) return [ok(`${kind}, held by the running service (${who.text}).`)];
  const record = await (await context.product()).openOffline(config);
  await record.close();
  return [ok(`${kind}, opens; no service is running.`)];
}

async function checkRedis({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  if (config.redisUrl === null) return [ok("Not used: the queue is embedded.")];
  const version = await pingRedis(config.redisUrl, AbortSignal.timeout(answerMs));
  return [ok(`Redis ${version} answers.`)];
}

async function checkModel({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const { baseUrl, probe, apiKey } = config.model;
  const addresses = baseUrl === null ? probe : [baseUrl];
  for (const address of addresses) {
    const server = await findModels(address, apiKey, AbortSignal.timeout(answerMs)).catch((thrown: unknown) => {
      if (baseUrl !== null) throw thrown;
      return null;
    });
    if (server !== null) return [modelResult(shownAddress(server.baseUrl), server.models, config.model.default)];
  }
  const tried =
    addresses.length === 0 ? "none is set, and none is tried" : `none is set, and none answers at ${addresses.join(", ")}`;
  return [{ state: "warn", text: `No model server: ${tried}. A script answers instead.`, mend: "`hermes model` connects one." }];
}

function modelResult(address: string, models: readonly string[], wanted: string | null): CheckResult {
  if (models.length === 0) return { state: "fail", text: `${address} lists no model.`, mend: "Load one on the server." };
  if (wanted !== null && !models.includes(wanted)) {
    return {
      state: "fail",
      text: `${address} has no model ${wanted}; it lists ${models.slice(0, 5).join(", ")}.`,
      mend: "`hermes model` chooses one.",
    };
  }
  return ok(`${wanted ?? models[0]} at ${address}.`);
}

async function checkMcp({ context, loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  if (config.mcpServers.length === 0) return [ok("No MCP server is configured.")];
  const off = config.mcpServers.filter(({ enabled }) => !enabled).map(({ name }) => ok(`${name} is switched off.`));
  const states = await (await context.product()).tryMcp(config, context.env);
  return [...states.map(mcpResult), ...off];
}

function mcpResult({ name, url, tools, fault }: McpState): CheckResult {
  const where = url === null ? "a program in its sandbox" : shownAddress(url).replace(/\?.*$/, "");
  if (fault === null) return ok(`${name}: ${tools} ${tools === 1 ? "tool" : "tools"}, ${where}.`);
  return {
    state: "fail",
    text: `${name} is away (${where}): ${/[.)]$/.test(fault) ? fault : `${fault}.`}`,
    mend: `Mend mcp_servers.${name}, or set its enabled to false.`,
  };
}

const meSchema = z.object({
  ok: z.boolean(),
  description: z.string().optional(),
  result: z.object({ username: z.string() }).optional(),
});

async function checkTelegram({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const { botToken, apiRoot } = config.telegram;
  if (botToken === null) return [ok("Off: no TELEGRAM_BOT_TOKEN.")];
  const reply = await fetch(`${apiRoot}/bot${botToken}/getMe`, { signal: AbortSignal.timeout(answerMs) }).then(
    async (response) => meSchema.safeParse(await response.json().catch(() => null)).data ?? null,
    () => null,
  );
  if (reply === null)
    return [{ state: "fail", text: `${apiRoot} does not answer.`, mend: "Check the network, a proxy, or TELEGRAM_API_ROOT." }];
  if (reply.ok && reply.result !== undefined) return [ok(`@${reply.result.username}: https://t.me/${reply.result.username}`)];
  return [
    {
      state: "fail",
      text: `The token is refused: ${reply.description ?? "no reason given"}.`,
      mend: "Get one from @BotFather: `hermes config set TELEGRAM_BOT_TOKEN …`.",
    },
  ];
}

function ok(text: string): CheckResult {
  return { state: "ok", text, mend: "" };
}
