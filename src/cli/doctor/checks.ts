import type { Check } from "./check.ts";
import { checkClock } from "./clock.ts";
import { checkConfig } from "./config.ts";
import { checkDiscord } from "./discord.ts";
import { checkHome, checkSecrets } from "./home.ts";
import { checkMcp } from "./mcp.ts";
import { checkModel } from "./model.ts";
import { checkNode } from "./node.ts";
import { checkPorts } from "./ports.ts";
import { checkRecord } from "./record.ts";
import { checkRedis } from "./redis.ts";
import { checkRisks } from "./risks.ts";
import { checkSandbox } from "./sandbox.ts";
import { checkSlack } from "./slack.ts";
import { checkTelegram } from "./telegram.ts";
import { checkTools } from "./tools.ts";

/** What one connection may take, with its own limits inside. */
const shortMs = 20_000;
/** The record's first opening after a kill reads its log again; programs of MCP servers are fetched at first. */
const longMs = 60_000;
/** As long as the probe's own limit, twice over. */
const probeMs = 900_000;

/** All checks, in the order they are printed. */
export const checks: readonly Check[] = [
  { id: "node.version", withinMs: shortMs, run: checkNode },
  { id: "home.writable", withinMs: shortMs, run: checkHome },
  { id: "config.error", withinMs: shortMs, run: checkConfig },
  { id: "record.open", withinMs: longMs, run: checkRecord },
  { id: "redis.answers", withinMs: shortMs, run: checkRedis },
  { id: "sandbox.backend", withinMs: shortMs, run: checkSandbox },
  { id: "model.server", withinMs: shortMs, run: checkModel },
  { id: "mcp.server", withinMs: longMs, run: checkMcp },
  { id: "telegram.token", withinMs: shortMs, run: checkTelegram },
  { id: "discord.token", withinMs: shortMs, run: checkDiscord },
  { id: "slack.token", withinMs: shortMs, run: checkSlack },
  { id: "clock.skew", withinMs: shortMs, run: checkClock },
  { id: "ports.page", withinMs: shortMs, run: checkPorts },
  { id: "risk.local", withinMs: shortMs, run: checkRisks },
  { id: "risk.readable", withinMs: shortMs, run: checkSecrets },
  { id: "tools.probe", withinMs: probeMs, last: true, run: checkTools },
];
