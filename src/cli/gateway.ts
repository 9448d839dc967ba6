import type { Command } from "commander";
import { Option } from "commander";
import { loadConfig } from "../config/load.ts";
import type { Context, Define } from "./context.ts";
import { defineLogs } from "./logs/define.ts";
import { serve } from "./serve.ts";
import { backgroundOf } from "./service/background.ts";
import { type InstallOptions, installService, uninstallService } from "./service/install.ts";
import { type Place, placeOf } from "./service/place.ts";
import { type ServiceMode, stopWaitMs } from "./service/plan.ts";
import { installedOf, serviceModes } from "./service/running.ts";
import { startService } from "./service/start.ts";
import { showService } from "./service/status.ts";
import { stopService } from "./service/stop.ts";
import { fitted } from "./tool-width.ts";

/** `hermes gateway`: alone it runs the chat platforms; with a word behind it, it looks after the service. */
export const define: Define = (command, context, streams) => {
  command.option("--quiet", "print nothing; the log is in logs/ in the home");
  command.action(({ quiet = false }: { readonly quiet?: boolean }) => serve("gateway", context, { quiet }));
  withMode(command.command("run").description("run in this terminal what the service would run"))
    .option("--quiet", "print nothing; the log is in logs/ in the home")
    .action(({ mode = "all", quiet = false }: Asked & { readonly quiet?: boolean }) => serve(mode, context, { quiet }));
  defineInstall(command, context);
  defineRunning(command, context);
  const logs = command.command("logs").description("show what it has done, and follow it");
  defineLogs(logs, context, { streams, which: "gateway" });
};

interface Asked {
  readonly mode?: ServiceMode;
}

function defineInstall(command: Command, context: Context): void {
  withMode(command.command("install").description("make it a service that starts by itself: systemd's, or launchd's on macOS"))
    .option("--system", "for the whole machine (as root) rather than for this account")
    .option("--run-as <name>", "the account that a service of the whole machine runs as")
    .option("--force", "write over a unit that was changed by hand; it is kept beside the new one")
    .option("--start", "start it, too")
    .action(async (asked: InstallOptions & { readonly start?: boolean }) => {
      const { lines, next } = await installService(context, asked);
      for (const line of lines) for (const each of fitted(context, line, 2)) context.print(each);
      if (asked.start !== true) return context.print(`Next: ${next}`);
      const place = await placeOf(context, asked);
      if (next.endsWith("restart")) await stopService(context, place, asked.mode ?? "all", { again: true });
      await startService(context, place, asked.mode ?? "all");
    });
  withMode(command.command("uninstall").description("stop the service and take it away; the home stays as it is"))
    .option("--force", "also a unit that was not made here")
    .action(async ({ mode, force = false }: Asked & { readonly force?: boolean }) => {
      const place = await placeOf(context);
      for (const each of await modesFor(place, mode)) await uninstall(context, place, each, force);
    });
}

async function uninstall(context: Context, place: Place, mode: ServiceMode, force: boolean): Promise<void> {
  const found = await installedOf(place, mode);
  if (found === null) return context.print("No service is installed for this home.");
  const { config } = await loadConfig({ env: context.env, home: place.home });
  const removed = await uninstallService(found.supervisor, stopWaitMs(config.agent.drainTimeout), force);
  context.print(
    removed === null
      ? "No service is installed for this home."
      : `Stopped it and removed ${removed}. ${place.home} stays as it is.`,
  );
}

function defineRunning(command: Command, context: Context): void {
  const each = (name: string, summary: string, run: (place: Place, mode: ServiceMode) => Promise<unknown>) =>
    withMode(command.command(name).description(summary)).action(async ({ mode }: Asked) => {
      const place = await placeOf(context);
      for (const one of await modesFor(place, mode)) await run(place, one);
    });
  each("start", "start the service; without one, run in the background", (place, mode) => startService(context, place, mode));
  each("stop", "stop it, after running turns have had their time", (place, mode) => stopService(context, place, mode));
  each("restart", "stop it, and start it again", async (place, mode) => {
    await stopService(context, place, mode, { again: true });
    await startService(context, place, mode);
  });
  withMode(command.command("status").description("say whether it runs, since when, and what keeps it"))
    .option("--json", "as JSON")
    .action(async ({ mode, json = false }: Asked & { readonly json?: boolean }) => {
      const place = await placeOf(context);
      await showService(context, place, await modesFor(place, mode), json);
    });
}

function withMode(command: Command): Command {
  const words = "all (the default), gateway (the chat platforms only), worker (the turns only)";
  return command.addOption(new Option("--mode <mode>", words).choices(serviceModes));
}

/** The mode that was asked for; else those that are installed, else those in the background, else everything. */
async function modesFor(place: Place, asked: ServiceMode | undefined): Promise<readonly ServiceMode[]> {
  if (asked !== undefined) return [asked];
  const installed = await only(async (mode) => (await installedOf(place, mode)) !== null);
  if (installed.length > 0) return installed;
  const background = await only(async (mode) => (await backgroundOf(place.home, mode)) !== null);
  return background.length > 0 ? background : ["all"];
}

async function only(test: (mode: ServiceMode) => Promise<boolean>): Promise<readonly ServiceMode[]> {
  const found = await Promise.all(serviceModes.map(async (mode) => ((await test(mode)) ? [mode] : [])));
  return found.flat();
}
