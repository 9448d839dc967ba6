import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import type { Model } from "../core/model.ts";
import { shownModel } from "../model/address.ts";
import { measureSpeed } from "../model/measure/speed.ts";
import { speedMeaning, speedTable } from "../model/measure/speed-words.ts";
import type { Context, Define } from "./context.ts";
import { aboutModel, withModel } from "./asked-model.ts";

interface Asked {
  readonly baseUrl?: string;
  readonly model?: string;
  readonly apiKey?: string;
}

/** `hermes bench model`: how fast the model reads and writes. */
export const define: Define = (command: Command, context: Context) => {
  command
    .command("model")
    .description("measure how fast the model reads and writes, with a small and a large prompt")
    .option("--base-url <url>", "another server's address than the configured one")
    .option("--model <name>", "another model than the configured one")
    .option("--api-key <key>", "that server's key")
    .action(async (asked: Asked) => {
      const { config } = await loadConfig({ env: context.env, home: context.home });
      await withModel(config, asked, (model) => bench(model, context));
    });
};

/** A slow machine without a graphics card reads the large prompt in some minutes. */
const longestMs = 900_000;

async function bench(model: Model, context: Context): Promise<void> {
  const signal = AbortSignal.timeout(longestMs);
  context.remark(
    `Measuring ${shownModel(model.name)} at ${model.server}; half a minute on a fast card, some minutes on a slow one.`,
  );
  const report = await measureSpeed(model, signal, { say: (line) => context.remark(line) });
  context.print(await aboutModel(model, signal));
  context.print("");
  for (const line of speedTable(report)) context.print(line);
  context.print("");
  for (const line of speedMeaning(report)) context.print(`- ${line}`);
}
