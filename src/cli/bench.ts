import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import type { Model } from "../core/model.ts";
import { shownModel } from "../model/address.ts";
import { requireListed } from "../model/measure/listing.ts";
import { measureSpeed } from "../model/measure/speed.ts";
import { speedMeaning, speedTable } from "../model/measure/speed-words.ts";
import type { ModelSettings } from "../model/settings.ts";
import { aboutModel, withModel } from "./asked-model.ts";
import type { Context, Define } from "./context.ts";
import { openServer, type RawServer } from "./raw-server.ts";
import { fitted } from "./tool-width.ts";

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
      await withModel(config, asked, (model, settings) => bench(model, settings, context));
    });
};

/** A slow machine without a graphics card reads the large prompt in some minutes. */
const longestMs = 900_000;

async function bench(model: Model, settings: ModelSettings, context: Context): Promise<void> {
  const signal = AbortSignal.timeout(longestMs);
  await using raw = closing(openServer(model, settings));
  await requireListed(raw, model, signal);
  context.remark(`Measuring ${shownModel(model.name)} at ${model.server}.`);
  context.remark("Half a minute on a fast card, some minutes on a slow one; Ctrl-C stops it.");
  const report = await measureSpeed(model, signal, { say: (line) => context.remark(line) });
  for (const line of fitted(context, await aboutModel(model, signal))) context.print(line);
  context.print("");
  for (const line of speedTable(report)) context.print(line);
  context.print("");
  for (const meaning of speedMeaning(report)) for (const line of fitted(context, `- ${meaning}`, 2)) context.print(line);
}

function closing(raw: RawServer): RawServer & AsyncDisposable {
  return { ...raw, [Symbol.asyncDispose]: () => raw.close() };
}
