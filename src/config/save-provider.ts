import { type Document, isMap, isSeq } from "yaml";
import { type Place, openDocument, removeAt, render, setAt } from "./edit-yaml.ts";
import { editEnvText, parseEnvText } from "./env-file.ts";
import { configFile, type Environment, envFile } from "./home.ts";
import { providerPlaces, variableFor } from "./key-variable.ts";
import { hostOf } from "./providers.ts";
import { editOwnFile, readOwnFile } from "./write-file.ts";

/** A model server to be saved under a name and made the default. */
export interface NewDefault {
  readonly name: string;
  readonly baseUrl: string;
  readonly model: string;
  /** Null: as the entry has it, or `auto`. */
  readonly apiMode: string | null;
  /** Null: leave the entry's key as it is. */
  readonly apiKey: string | null;
  /** `auto`: the server is asked; null: leave the entry's. */
  readonly contextLength: number | "auto" | null;
}

/** Where a default was saved. */
export interface SavedDefault {
  readonly file: string;
  readonly list: "custom_providers" | "providers";
}

/**
 * Saves a server in `custom_providers` (an entry of that name or address is changed, not doubled) and makes it the default. Everything in
 * config.yaml changes at once, or nothing does. What `model` and .env said of the server before is removed: there is one truth.
 */
export async function saveDefault(home: string, chosen: NewDefault): Promise<SavedDefault> {
  const file = configFile(home);
  const variables = await readOwnFile(envFile(home));
  const { values } = parseEnvText(variables, ".env");
  // What can't be edited is told of before .env is touched.
  const { keyEnv } = makeDefault(await readOwnFile(file), values, chosen, null);
  await saveVariables(home, chosen, keyEnv);
  let list: SavedDefault["list"] = "custom_providers";
  await editOwnFile(file, (before) => {
    const made = makeDefault(before, values, chosen, keyEnv);
    list = made.list;
    return made.text;
  });
  return { file, list };
}

interface Made {
  readonly text: string;
  readonly list: SavedDefault["list"];
  /** The variable of its key; null where it is given none. */
  readonly keyEnv: string | null;
}

/** `settled` is the variable that holds its key by now. */
function makeDefault(before: string, variables: Environment, chosen: NewDefault, settled: string | null): Made {
  const document = openDocument(before);
  keepFormer(document, variables, chosen.baseUrl);
  const place = entryPlace(document, chosen);
  if (typeof place[1] === "number") setAt(document, [...place, "name"], chosen.name);
  if (!addressesAt(document, place).includes(chosen.baseUrl)) setAt(document, [...place, "base_url"], chosen.baseUrl);
  const { name, apiKey } = chosen;
  const keyEnv = apiKey === null ? null : (settled ?? variableFor(document, variables, { place, name }, apiKey));
  if (keyEnv !== null) {
    removeAt(document, [...place, "api_key"]);
    setAt(document, [...place, "key_env"], keyEnv);
  }
  if (chosen.apiMode !== null || !document.hasIn([...place, "api_mode"]))
    setAt(document, [...place, "api_mode"], chosen.apiMode ?? "auto");
  setAt(document, [...place, "model"], chosen.model);
  setWindow(document, place, chosen);
  setAt(document, ["model", "provider"], chosen.name);
  setAt(document, ["model", "default"], chosen.model);
  for (const other of ["model", "name", "base_url", "base_urls", "api_mode", "context_length"])
    removeAt(document, ["model", other]);
  return { text: render(document), list: place[0] === "providers" ? "providers" : "custom_providers", keyEnv };
}

/** The server that `model.base_url` or .env named until now becomes an entry of its own, to be gone back to. */
function keepFormer(document: Document, variables: Environment, baseUrl: string): void {
  const own = variables["OPENAI_BASE_URL"] ?? document.getIn(["model", "base_url"]);
  if (typeof own !== "string" || URL.parse(own) === null || own === baseUrl || own.includes("${")) return;
  const place = entryPlace(document, { name: hostOf(own), baseUrl: own });
  if (document.hasIn(place)) return;
  setAt(document, [...place, "name"], hostOf(own));
  setAt(document, [...place, "base_url"], own);
  if ((variables["OPENAI_API_KEY"] ?? "") !== "") setAt(document, [...place, "key_env"], "OPENAI_API_KEY");
  const model = document.getIn(["model", "default"]);
  if (typeof model === "string" && !document.hasIn(["model", "provider"])) setAt(document, [...place, "model"], model);
}

/** Makes a model of the server in force the default. */
export async function saveModel(home: string, model: string): Promise<string> {
  const file = configFile(home);
  await editOwnFile(file, (before) => {
    const document = openDocument(before);
    setAt(document, ["model", "default"], model);
    for (const other of ["model", "name"]) removeAt(document, ["model", other]);
    return render(document);
  });
  return file;
}

function setWindow(document: Document, place: Place, { model, contextLength }: NewDefault): void {
  const own = [...place, "models", model, "context_length"];
  if (typeof contextLength === "number") return setAt(document, own, contextLength);
  if (contextLength === null) return;
  removeAt(document, own);
  removeAt(document, [...place, "context_length"]);
  const models = document.getIn([...place, "models"], true);
  const rest = document.getIn([...place, "models", model], true);
  if (isMap(rest) && rest.items.length === 0) removeAt(document, [...place, "models", model]);
  if (isMap(models) && models.items.length === 0) removeAt(document, [...place, "models"]);
}

/** The entry of that name, else of that address, else a new one at the list's end. */
function entryPlace(document: Document, { name, baseUrl }: Pick<NewDefault, "name" | "baseUrl">): Place {
  const all = providerPlaces(document);
  const places = all.filter(([list]) => list === "custom_providers");
  return (
    all.find((place) => nameAt(document, place) === name) ??
    places.find((place) => addressesAt(document, place).includes(baseUrl)) ?? ["custom_providers", places.length]
  );
}

function nameAt(document: Document, place: Place): unknown {
  return typeof place[1] === "number" ? document.getIn([...place, "name"]) : place[1];
}

function addressesAt(document: Document, place: Place): readonly unknown[] {
  const several = document.getIn([...place, "base_urls"], true);
  const listed = isSeq(several) ? several.items.map((_, index) => document.getIn([...place, "base_urls", index])) : [];
  return [document.getIn([...place, "base_url"]), ...listed];
}

/** The key goes to .env; an address that stands there would beat the one in config.yaml. */
async function saveVariables(home: string, { apiKey }: NewDefault, keyEnv: string | null): Promise<void> {
  await editOwnFile(envFile(home), (before) => {
    const without = editEnvText(before, "OPENAI_BASE_URL", null);
    return apiKey === null || keyEnv === null ? without : editEnvText(without, keyEnv, apiKey);
  });
}
