import { loadConfig } from "../config/load.ts";
import { type Context, type Define, exits } from "./context.ts";
import { callControl, type ControlReply } from "../gateway/control-socket.ts";
import { askRecord } from "./record.ts";

/** `hermes status`: what runs on this home. An embedded record is left alone, so this is quick and harmless. */
export const define: Define = (command, context) => {
  command.option("--json", "as JSON").action(async ({ json = false }: { readonly json?: boolean }) => {
    const args = json ? ["json"] : [];
    const reply = await callControl(context.home, { command: "status", args });
    if (reply === null) return await sayNothingRuns(context, json);
    say(context, reply);
  });
};

async function sayWhatTheRecordKnows(context: Context, json: boolean): Promise<void> {
  say(context, await askRecord(context, { command: "status", args: json ? ["json"] : [] }));
}

function say(context: Context, { ok, text }: ControlReply): void {
  if (ok) context.print(text);
  else context.remark(`hermes: ${text}`);
  if (!ok || /^(?:Not running|\{\s*"running": false)/.test(text)) context.exit(exits.failure);
}

async function sayNothingRuns(context: Context, json: boolean): Promise<void> {
  const { config, findings } = await loadConfig({ env: context.env, home: context.home });
  // Separate gateways and workers have no socket here; the shared record knows about them.
  if (config.stateUrl !== null) return await sayWhatTheRecordKnows(context, json);
  context.exit(exits.failure);
  const errors = findings.filter((finding) => finding.severity === "error").length;
  const facts = {
    record: "embedded",
    queue: config.redisUrl === null ? "embedded" : "Redis (REDIS_URL)",
    model: `${config.model.default ?? "the first one listed"} at ${config.model.baseUrl ?? "whatever server is found"}`,
    discord: config.discord.botToken === null ? "off" : "on",
    slack: config.slack.botToken === null ? "off" : "on",
    telegram: config.telegram.botToken === null ? "off" : "on",
  };
  if (json) return context.print(JSON.stringify({ running: false, home: context.home, ...facts, errors }, null, 2));
  context.print(`Not running on ${context.home}. \`hermes start\` runs it here, \`hermes gateway start\` in the background.`);
  for (const [name, value] of Object.entries(facts)) context.print(`  ${name.padEnd(9)} ${value}`);
  if (errors > 0)
    context.print(`  ${errors} ${errors === 1 ? "error" : "errors"} in the configuration: see \`hermes config check\`.`);
}
