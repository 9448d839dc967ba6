import { loadConfig } from "../config/load.ts";
import { type Context, type Define, exits } from "./context.ts";
import { callControl } from "../gateway/control-socket.ts";
import { printRecord } from "./record.ts";

/** `hermes status`: what runs on this home. An embedded record is left alone, so this is quick and harmless. */
export const define: Define = (command, context) => {
  command.action(async () => {
    const reply = await callControl(context.home, { command: "status", args: [] });
    if (reply !== null) {
      context.print(reply.text);
      if (!reply.ok) context.exit(exits.failure);
      return;
    }
    await sayNothingRuns(context);
  });
};

async function sayNothingRuns(context: Context): Promise<void> {
  const { config, findings } = await loadConfig({ env: context.env, home: context.home });
  // Separate gateways and workers have no socket here; the shared record knows about them.
  if (config.stateUrl !== null) return await printRecord(context, "status");
  const errors = findings.filter((finding) => finding.severity === "error").length;
  context.print(`Not running on ${context.home}. \`npm start\` or \`hermes start\` starts it.`);
  context.print("  record    embedded");
  context.print(`  queue     ${config.redisUrl === null ? "embedded" : "Redis (REDIS_URL)"}`);
  context.print(
    `  model     ${config.model.default ?? "the first one listed"} at ${config.model.baseUrl ?? "whatever server is found"}`,
  );
  context.print(`  discord   ${config.discord.botToken === null ? "off" : "on"}`);
  context.print(`  slack     ${config.slack.botToken === null ? "off" : "on"}`);
  context.print(`  telegram  ${config.telegram.botToken === null ? "off" : "on"}`);
  if (errors > 0)
    context.print(`  ${errors} ${errors === 1 ? "error" : "errors"} in the configuration: see \`hermes config check\`.`);
  context.exit(exits.failure);
}
