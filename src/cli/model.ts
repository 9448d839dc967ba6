import { loadConfig, type Loaded } from "../config/load.ts";
import { namedProviders, providerNamed } from "../config/provider-names.ts";
import type { ProviderEntry } from "../config/providers.ts";
import { Failure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import { shownAddress, tidyAddress } from "../model/address.ts";
import type { Context, Define } from "./context.ts";
import { connectModel, type Options, verify, type Wish } from "./model-connect.ts";
import { apiModes, askWhich, modeOf, readWindow } from "./model-questions.ts";

/** `hermes model`: shows the model server; with flags or answers, verifies another one, saves it and makes it the default. */
export const define: Define = (command, context) => {
  command
    .option("--base-url <address>", "the model server's address, such as http://127.0.0.1:8000/v1")
    .option("--model <name>", "the model to use; the server's first one otherwise")
    .option("--api-key <key>", "the server's key, if it wants one")
    .option("--api-mode <mode>", "auto, chat_completions, responses or anthropic_messages")
    .option("--context-length <tokens>", "the model's window; otherwise the server is asked")
    .option("--name <name>", "what to call the server; its host and port otherwise")
    .option("-y, --yes", "save without asking")
    .action(async (options: Options) => {
      const loaded = await loadConfig({ env: context.env, home: context.home });
      showCurrent(context, loaded);
      const wanted = await wishes(context, loaded, options);
      if (wanted !== null) await connectModel(context, loaded, wanted);
    });
};

function showCurrent(context: Context, { config }: Loaded): void {
  const { model } = config;
  context.print(`Current model: ${model.default ?? "the first one that the server lists"}`);
  const named = providerNamed(config, model.provider);
  const address = model.baseUrl === null ? null : shownAddress(model.baseUrl);
  const unset = `none set; tried in turn: ${model.probe.join(", ") || "none"}`;
  context.print(`Active provider: ${address === null ? unset : named === null ? address : `${named.name} (${address})`}`);
}

async function wishes(context: Context, loaded: Loaded, options: Options): Promise<Wish | null> {
  const { yes: _yes, ...given } = options;
  const asks = options.yes === true ? null : context.ask;
  if (Object.keys(given).length > 0) return { options: checked(options), entry: entryOf(loaded, options), asks };
  if (asks === null) return null;
  const entries = namedProviders(loaded.config);
  const chosen = entries.length > 1 ? await askWhich(context, asks, entries) : "new";
  if (chosen === null) return null;
  if (chosen !== "new") return { options: { name: chosen.name }, entry: chosen, asks };
  context.print("Custom OpenAI-compatible endpoint configuration:");
  return await askServer(context, loaded, asks);
}

/** Asks until a server answers at what was typed; null when the person leaves it. */
export async function askServer(context: Context, loaded: Loaded, asks: NonNullable<Context["ask"]>): Promise<Wish | null> {
  for (;;) {
    const baseUrl = await asks("API base URL [e.g. https://api.example.com/v1]: ");
    // Nothing typed, nothing changed.
    if (baseUrl === "") return null;
    const apiKey = await asks("API key [optional]: ", "hidden");
    try {
      const typed = { baseUrl, ...(apiKey === "" ? {} : { apiKey }) };
      const wish = { options: typed, entry: entryOf(loaded, typed), asks };
      return { ...wish, server: await verify(context, loaded, wish) };
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      context.print(redact([thrown.message, thrown.advice ?? ""].join(" ").trimEnd()));
    }
  }
}

/** Refuses values that no server could mend. */
function checked(options: Options): Options {
  const { apiMode, contextLength } = options;
  if (apiMode !== undefined && modeOf(apiMode) === null) {
    throw new Failure("config.invalid", `there is no API mode ${apiMode}.`, {
      advice: `Modes: ${apiModes.map(({ mode }) => mode).join(", ")}.`,
    });
  }
  if (contextLength !== undefined && contextLength !== "auto" && readWindow(contextLength) === null) {
    throw new Failure("config.invalid", `${contextLength} is no context length.`, {
      advice: "Give a whole number of at least 1024.",
    });
  }
  return options;
}

/** The entry that the name or the address means; without either, the one in force. */
export function entryOf({ config }: Loaded, { baseUrl, name }: Options): ProviderEntry | null {
  const all = namedProviders(config);
  if (name !== undefined) return all.find((entry) => entry.name === name) ?? null;
  if (baseUrl === undefined) return providerNamed(config, config.model.provider);
  const address = tidyAddress(baseUrl);
  return all.find((entry) => entry.baseUrls.some((each) => [address, `${address}/v1`].includes(tidyAddress(each)))) ?? null;
}
