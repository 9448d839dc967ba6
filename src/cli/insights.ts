import type { Command } from "commander";
import type { Context, Define } from "./context.ts";
import { printRecord } from "./record.ts";

/** `hermes insights`: what was asked, and how fast and how well the model worked. */
export const define: Define = (command: Command, context: Context) => {
  command
    .option("--days <number>", "how many days back", "30")
    .option("--source <platform>", "only what was asked there: telegram, web …")
    .action(async ({ days, source }: { readonly days: string; readonly source?: string }) => {
      await printRecord(context, "insights", [days, ...(source === undefined ? [] : [source])]);
    });
};
