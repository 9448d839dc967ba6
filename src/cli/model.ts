import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/keys.ts";
import { setKey } from "../config/set.ts";
import { Failure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import { shownAddress } from "../model/address.ts";
import { firstChat } from "../model/server.ts";
import { type Context, type Define, exits } from "./context.ts";
import { type ModelServer, findModels } from "./model-server.ts";

interface Options {
  readonly baseUrl?: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly yes?: boolean;
}

/** `hermes model`: shows the model server; with flags or answers, verifies another one and saves it. */
export const define: Define = (command, context) => {
  command
    .option("--base-url <address>", "the model server's address, such as http://127.0.0.1:8000/v1")
    .option("--model <name>", "the model to use; the server's first one otherwise")
    .option("--api-key <key>", "the server's key, if it wants one")
    .option("-y, --yes", "save without asking")
    .action(async (options: Options) => {
      const { config } = await loadConfig({ env: context.env, home: context.home });
      showCurrent(context, config);
      const wanted = await wishes(context, config, options);
      if (wanted !== null) await connectModel(context, config, wanted);
    });
};

function showCurrent(context: Context, config: Config): void {
  context.print(`Current model: ${config.model.default ?? "the first one that the server lists"}`);
  context.print(
    `Server: ${config.model.baseUrl !== null ? shownAddress(config.model.baseUrl) : `none set; tried in turn: ${config.model.probe.join(", ") || "none"}`}`,
  );
}

/** What to change; null for nothing. Asks for what the flags left open, when there is somebody to ask. */
async function wishes(context: Context, config: Config, options: Options): Promise<Options | null> {
  if (options.baseUrl !== undefined || options.model !== undefined || options.apiKey !== undefined) return options;
  if (context.ask === null) return null;
  const baseUrl = await context.ask(
    `API base URL [${config.model.baseUrl === null ? "Enter to leave it as it is" : shownAddress(config.model.baseUrl)}]: `,
  );
  if (baseUrl === "") return null;
  const apiKey = await context.ask("API key [optional]: ");
  return { ...options, baseUrl, ...(apiKey === "" ? {} : { apiKey }) };
}

async function connectModel(context: Context, config: Config, options: Options): Promise<void> {
  const address = options.baseUrl ?? config.model.baseUrl;
  if (address === null)
    throw new Failure("config.invalid", "no model server is set.", { advice: "Give its address with --base-url." });
  const key = options.apiKey ?? (options.baseUrl === undefined ? config.model.apiKey : null);
  const server = await findModels(address, key, AbortSignal.timeout(60_000));
  context.print(
    `Verified ${shownAddress(server.baseUrl)}/models (${server.models.length} ${server.models.length === 1 ? "model" : "models"}).`,
  );
  if (server.baseUrl !== address) context.print(`Corrected the address: ${redact(address)} → ${shownAddress(server.baseUrl)}`);
  const model = await chooseModel(context, config, options, server);
  if (!(await agreed(context, options, model))) return context.exit(exits.failure);
  await save(context, server, model, options.apiKey);
}

async function chooseModel(context: Context, config: Config, options: Options, server: ModelServer): Promise<string> {
  const first = firstChat(server.models);
  if (first === null)
    throw new Failure("model.refused", `${server.baseUrl} lists no model.`, { advice: "Load one on the server first." });
  if (options.model !== undefined) return known(options.model, server);
  const preferred = config.model.default !== null && server.models.includes(config.model.default) ? config.model.default : first;
  if (server.models.length === 1 || context.ask === null || options.yes === true) return preferred;
  server.models.slice(0, mostListed).forEach((name, index) => context.print(`  ${index + 1}. ${name}`));
  const answer = await context.ask(`Model, by number or name [${preferred}]: `);
  if (answer === "") return preferred;
  return server.models[Number(answer) - 1] ?? known(answer, server);
}

const mostListed = 30;

function known(model: string, server: ModelServer): string {
  if (server.models.includes(model)) return model;
  const listed = server.models.slice(0, 5).join(", ");
  throw new Failure("model.refused", `${server.baseUrl} has no model ${model}.`, {
    advice: `It lists ${listed}${server.models.length > 5 ? ", …" : ""}.`,
  });
}

async function agreed(context: Context, options: Options, model: string): Promise<boolean> {
  if (options.yes === true) return true;
  if (context.ask === null) {
    throw new Failure("config.invalid", "nothing was saved: there is no terminal to ask at.", {
      advice: "Add --yes to save without asking.",
    });
  }
  return !/^n/i.test(await context.ask(`Use ${model}? [Y/n]: `));
}

async function save(context: Context, server: ModelServer, model: string, apiKey: string | undefined): Promise<void> {
  await setKey(context.home, "model.base_url", server.baseUrl);
  const { file } = await setKey(context.home, "model.default", model);
  if (apiKey !== undefined) await setKey(context.home, "model.api_key", apiKey);
  context.print(`Saved in ${file}: ${model} (via ${shownAddress(server.baseUrl)}). It counts after a restart.`);
  const { origins } = await loadConfig({ env: context.env, home: context.home });
  if (origins["model.base_url"] === "environment")
    context.remark("But OPENAI_BASE_URL in the environment overrules it: unset that too.");
}
