import { providerNamed } from "../../config/provider-names.ts";
import type { Loaded } from "../../config/load.ts";
import { asFailure, Failure } from "../../core/failures.ts";
import { shownAddress, shownModel } from "../../model/address.ts";
import type { Context } from "../context.ts";
import { connectModel, type Wish } from "../model-connect.ts";
import { preferredModel } from "../model-questions.ts";
import { findModels, type ModelServer } from "../model-server.ts";
import { askServer, entryOf } from "../model.ts";
import { type Setup, type StepEnd, tell } from "./step.ts";
import type { Choice } from "./talk.ts";

const answerMs = 5_000;
/** Servers of this machine answer at once. */
const probeMs = 2_000;

/** Model: the server in force, one that was found on this machine, or one by its address. */
export async function setUpModel(setup: Setup): Promise<readonly StepEnd[]> {
  const { modelUrl: baseUrl, model, apiKey } = setup.flags;
  const loaded = await setup.load();
  if (baseUrl !== undefined || model !== undefined || apiKey !== undefined) {
    const options = { yes: true, ...(baseUrl && { baseUrl }), ...(model && { model }), ...(apiKey && { apiKey }) };
    return [await connected(setup, { options, entry: entryOf(loaded, options), asks: null })];
  }
  const [now, found] = await Promise.all([inForce(loaded), answering(loaded)]);
  if (setup.talk !== null) return [await askedFor(setup, setup.talk, { loaded, now, found })];
  if (now !== null) return [now];
  const [first] = found;
  if (first === undefined) return [none];
  const options = { baseUrl: first.baseUrl, yes: true };
  return [await connected(setup, { options, entry: null, asks: null, server: first })];
}

const none: StepEnd = { state: "open", about: "model", text: "none yet: a script answers until `hermes model` connects one" };

/** The server that is configured, as it answers now; null when none is. */
async function inForce({ config }: Loaded): Promise<StepEnd | null> {
  const { baseUrl, apiKey, default: wanted } = config.model;
  if (baseUrl === null) return null;
  const keyPlace = providerNamed(config, config.model.provider)?.keyEnv ?? undefined;
  try {
    const server = await findModels(baseUrl, apiKey, AbortSignal.timeout(answerMs), keyPlace);
    const name = shownModel(wanted ?? preferredModel(server, null));
    const has = wanted === null || server.models.includes(wanted);
    const text = `${name} at ${shownAddress(server.baseUrl)}`;
    return { state: has ? "done" : "failed", about: "model", text: has ? text : `${text}, which has no such model` };
  } catch (thrown) {
    const { message, advice } = asFailure(thrown);
    return { state: "failed", about: "model", text: [message, advice ?? ""].join(" ").trimEnd() };
  }
}

/** What answers on the usual ports of this machine. */
async function answering({ config }: Loaded): Promise<readonly ModelServer[]> {
  const answers = config.model.probe.map((address) =>
    findModels(address, null, AbortSignal.timeout(probeMs)).catch((): null => null),
  );
  return (await Promise.all(answers)).filter((server) => server !== null).filter(({ models }) => models.length > 0);
}

interface Looked {
  readonly loaded: Loaded;
  readonly now: StepEnd | null;
  readonly found: readonly ModelServer[];
}

async function askedFor(setup: Setup, talk: NonNullable<Setup["talk"]>, { loaded, now, found }: Looked): Promise<StepEnd> {
  const others = found.filter(({ baseUrl }) => baseUrl !== loaded.config.model.baseUrl);
  if (now?.state === "failed") tell(setup.context, `  ${now.text}`);
  let left = false;
  for (;;) {
    const first: string = left || now?.state === "done" ? "now" : (others[0]?.baseUrl ?? "other");
    const chosen = await talk.choose("Which model shall it think with?", offered(now, others), first);
    if (chosen === "now") return now ?? none;
    const wish = chosen === "other" ? await byAddress(setup, loaded) : await ofFound(talk, others, chosen);
    const end: StepEnd | null = wish === null ? null : await connected(setup, wish);
    // Enter alone leaves the step, too.
    left = end === null;
    if (end?.state === "done") return end;
    if (end !== null) tell(setup.context, `  ${end.text}`);
  }
}

function offered(now: StepEnd | null, others: readonly ModelServer[]): readonly Choice<string>[] {
  const kept = now?.state === "done" ? `Keep ${now.text}` : "Leave it as it is";
  const left = { value: "now", label: "None yet", hint: "a script answers until there is one" };
  return [
    ...(now === null ? [] : [{ value: "now", label: kept }]),
    ...others.map(({ baseUrl, models }) => ({ value: baseUrl, label: `Use ${shownAddress(baseUrl)}`, hint: listed(models) })),
    { value: "other", label: "A server by its address" },
    ...(now === null ? [left] : []),
  ];
}

function listed(models: readonly string[]): string {
  const [first = "", ...more] = models;
  return more.length === 0 ? shownModel(first) : `${shownModel(first)} and ${more.length} more`;
}

/** The questions of `hermes model`. */
async function byAddress({ context }: Setup, loaded: Loaded): Promise<Wish | null> {
  if (context.ask === null) return null;
  context.print("Custom OpenAI-compatible endpoint configuration:");
  return await askServer(context, loaded, context.ask);
}

/** Of a server that was found, only the model is asked for, and only where it has several. */
async function ofFound(talk: NonNullable<Setup["talk"]>, found: readonly ModelServer[], baseUrl: string): Promise<Wish | null> {
  const server = found.find((each) => each.baseUrl === baseUrl);
  if (server === undefined) return null;
  const first = preferredModel(server, null);
  const choices = server.models.map((model) => ({ value: model, label: shownModel(model) }));
  const model = choices.length === 1 ? first : await talk.choose("Which of its models?", choices, first);
  return { options: { baseUrl, model, yes: true }, entry: null, asks: null, server };
}

/** Connects a server with what `hermes model` prints, and says what came of it. */
async function connected(setup: Setup, wish: Wish): Promise<StepEnd> {
  let left = false;
  const context: Context = { ...setup.context, exit: () => void (left = true) };
  try {
    await connectModel(context, await setup.load(), wish);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { state: "failed", about: "model", text: [thrown.message, thrown.advice ?? ""].join(" ").trimEnd() };
  }
  return left ? { ...none, text: "left as it was" } : ((await inForce(await setup.load())) ?? none);
}
