import { chmod, constants, copyFile } from "node:fs/promises";
import { type Document, isMap, isScalar, isSeq, type Pair } from "yaml";
import { Failure } from "../core/failures.ts";
import { dropEmptied, type Place, openDocument, removeAt, render, setAt } from "./edit-yaml.ts";
import { editEnvText, parseEnvText } from "./env-file.ts";
import { configFile, envFile } from "./home.ts";
import { providerPlaces, variableFor } from "./key-variable.ts";
import { findKey, type KeyPath, keyOf, keyPaths } from "./keys.ts";
import { movedKey, movedKeys } from "./moved-keys.ts";
import { isOriginalKey } from "./original.ts";
import { movedVariables } from "./original-variables.ts";
import { fieldSynonyms, hostOf } from "./providers.ts";
import { editOwnFile, readOwnFile, unwritable } from "./write-file.ts";
import { readConfigText } from "./yaml-file.ts";

/** What would be changed in an older home's files, or the original's, to have it as this version writes it. */
export interface Migration {
  /** One line a change. Empty: nothing is to be done. */
  readonly changes: readonly string[];
  /** Keys that stay as they are, and have no effect here. */
  readonly left: readonly string[];
  /** Keys that count as they stand, and can't be written anew by a program. */
  readonly byHand: readonly string[];
  readonly yaml: string;
  readonly env: string;
}

/** What `hermes config migrate` would do; nothing is changed. Throws `config.invalid` where config.yaml can't be read. */
export async function planMigration(home: string): Promise<Migration> {
  return migrated(await readOwnFile(configFile(home)), await readOwnFile(envFile(home)));
}

/** Does it; the files as they were stand beside them. Gives the copies' names. */
export async function applyMigration(home: string, now: Date = new Date()): Promise<readonly string[]> {
  const stamp = now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");
  const [yamlFile, variables] = [configFile(home), envFile(home)];
  const [yaml, env] = [await readOwnFile(yamlFile), await readOwnFile(variables)];
  let plan = migrated(yaml, env);
  const copies: string[] = [];
  const copy = async (file: string): Promise<void> => void copies.push(await copied(file, `${file}.backup-${stamp}`));
  // The secrets first: one that stands in both files is a finding, one that stands in none is lost.
  if (env !== plan.env && env !== "") await copy(variables);
  // Made again of what is there by then, so that a change in between is not lost.
  await editOwnFile(variables, (current) => (plan = migrated(yaml, current)).env);
  if (plan.yaml === yaml) return copies;
  if (yaml !== "") await copy(yamlFile);
  await editOwnFile(yamlFile, (current) => {
    // What is new in it may be a secret, and .env is written already.
    if (current !== yaml) throw changedMeanwhile(yamlFile, copies);
    return plan.yaml;
  });
  return copies;
}

function changedMeanwhile(file: string, copies: readonly string[]): Failure {
  return new Failure("config.invalid", `${file} was changed by somebody else meanwhile, and is left as they have it.`, {
    advice: `Run it again. As it was: ${copies.join(", ")}.`,
  });
}

async function copied(file: string, copy: string): Promise<string> {
  try {
    await copyFile(file, copy, constants.COPYFILE_EXCL);
    // There may be secrets in it.
    await chmod(copy, 0o600);
    return copy;
  } catch (thrown) {
    throw unwritable(copy, thrown, `${file} is as it was`);
  }
}

/** Both files' texts as this version writes them. */
export function migrated(yaml: string, env: string): Migration {
  const document = openDocument(yaml);
  const work: Work = { document, env, changes: [], left: [], byHand: [] };
  for (const { path, value } of readConfigText(yaml, "config.yaml").settings) {
    if (value === null || value === undefined) continue;
    takeOver(work, path, value);
  }
  for (const { from, to, value } of movedKeys)
    if (document.hasIn(from.split("."))) move(work, from, to, value(plainAt(document, from.split("."))));
  takeVariables(work);
  for (const place of providerPlaces(document)) {
    renameFields(work, place);
    takeProviderKey(work, place);
  }
  // A fallback's key is read from its key_env alone.
  work.left.push(...indices(document, "fallback_providers").flatMap((place) => keyAt(document, place)));
  const { changes, left, byHand } = work;
  return { changes, left, byHand, yaml: changes.length > 0 ? render(document) : yaml, env: work.env };
}

interface Work {
  readonly document: Document;
  env: string;
  readonly changes: string[];
  readonly left: string[];
  readonly byHand: string[];
}

function takeOver(work: Work, path: string, value: unknown): void {
  const known = findKey(path);
  // `model.api_key: x` in one line at the top, or behind an alias.
  const apart = pairAt(work.document, path.split(".")) === null;
  if (apart && known !== null) return void (isToMove(path, known, value) && work.byHand.push(path));
  if (apart && movedKey(path) !== null) return void work.left.push(path);
  if (known !== null && keyOf(known).secret === true) return takeSecret(work, path, keyOf(known).env, value);
  // `model: NAME` says the same as `model.default`, and is a line shorter.
  if (known !== null && known !== path && path !== "model") return rename(work, path, known);
  if (known === null && movedKey(path) === null && isOriginalKey(path)) work.left.push(path);
}

function isToMove(path: string, known: KeyPath, value: unknown): boolean {
  if (keyOf(known).secret === true) return value !== "" && !String(value).includes("${");
  return known !== path && path !== "model";
}

/** Where both stand, the present spelling counts; an empty one sets nothing. */
function rename(work: Work, from: string, to: KeyPath): void {
  const [old, present] = [from.split("."), to.split(".")];
  if (isSetAt(work.document, to)) {
    removeAt(work.document, old);
    work.changes.push(`${from} goes: ${to} is set too, and counts`);
    return;
  }
  removeAt(work.document, present);
  const pair = pairAt(work.document, old);
  const name = present.at(-1) ?? to;
  // In its place its comments stay with it.
  if (pair !== null && old.slice(0, -1).join(".") === present.slice(0, -1).join(".") && isScalar(pair.key)) pair.key.value = name;
  else carry(work.document, old, present, work.document.getIn(old, false));
  work.changes.push(`${from} becomes ${to}`);
}

function move(work: Work, from: string, to: KeyPath, value: unknown): void {
  const place = to.split(".");
  if (value === undefined) {
    work.left.push(from);
    return;
  }
  if (isSetAt(work.document, to)) {
    removeAt(work.document, from.split("."));
    work.changes.push(`${from} goes: ${to} is set too, and counts`);
    return;
  }
  carry(work.document, from.split("."), place, value);
  work.changes.push(`${from} becomes ${to}`);
}

function carry(document: Document, from: Place, to: Place, value: unknown): void {
  const old = document.getIn(from, true);
  const comment = isScalar(old) ? old.comment : null;
  removeAt(document, from);
  dropEmptied(document, from.slice(0, -1));
  setAt(document, to, value);
  const node = document.getIn(to, true);
  if (isScalar(node) && comment) node.comment = comment;
}

/** A secret goes to .env, unless one stands there: that one counts already. */
function takeSecret(work: Work, path: string, env: string | undefined, value: unknown): void {
  if (env === undefined || (typeof value !== "string" && typeof value !== "number")) return;
  const secret = String(value).trim();
  if (secret === "" || secret.includes("${")) return;
  const there = (parseEnvText(work.env, ".env").values[env] ?? "") !== "";
  const text = there ? work.env : written(work.env, env, secret);
  if (text === null) {
    work.byHand.push(path);
    return;
  }
  work.env = text;
  removeAt(work.document, path.split("."));
  dropEmptied(work.document, path.split(".").slice(0, -1));
  work.changes.push(there ? `${path} goes: ${env} in .env counts` : `${path} goes to .env, as ${env}`);
}

/** Null where .env can't hold it: it mixes all kinds of quotes. */
function written(env: string, name: string, value: string): string | null {
  try {
    return editEnvText(env, name, value);
  } catch {
    return null;
  }
}

/** The original's variables that are keys here; what can't be used, or is set here already, stays. */
function takeVariables(work: Work): void {
  const values = parseEnvText(work.env, ".env").values;
  for (const [name, path] of Object.entries(movedVariables)) {
    const value = values[name] ?? "";
    if (value === "") continue;
    const parsed = keyOf(path).kind.schema.safeParse(value);
    if (!parsed.success || isSetAt(work.document, path)) {
      work.left.push(name);
      continue;
    }
    setAt(work.document, path.split("."), parsed.data);
    work.env = editEnvText(work.env, name, null);
    work.changes.push(`${name} in .env becomes ${path}`);
  }
}

/** Other spellings of an entry's fields. */
function renameFields({ document, changes }: Work, place: Place): void {
  for (const [from, to] of Object.entries(fieldSynonyms)) {
    const pair = pairAt(document, [...place, from]);
    if (pair === null || document.hasIn([...place, to]) || !isScalar(pair.key)) continue;
    pair.key.value = to;
    changes.push(`${[...place, from].join(".")} becomes ${to}`);
  }
}

/** The key of a named server goes to .env, and its entry names the variable. */
function takeProviderKey(work: Work, place: Place): void {
  const [path] = keyAt(work.document, place);
  if (path === undefined) return;
  const key: unknown = work.document.getIn([...place, "api_key"]);
  const name = nameOf(work.document, place);
  if (name === null || typeof key !== "string") return void work.byHand.push(path);
  const variable = variableFor(work.document, parseEnvText(work.env, ".env").values, { place, name }, key.trim());
  const text = written(work.env, variable, key.trim());
  if (text === null) return void work.byHand.push(path);
  work.env = text;
  removeAt(work.document, [...place, "api_key"]);
  setAt(work.document, [...place, "key_env"], variable);
  work.changes.push(`the key of ${name} goes to .env, as ${variable}`);
}

/** The path of an entry's key, if one is written there. */
function keyAt(document: Document, place: Place): readonly string[] {
  const path = [...place, "api_key"];
  const key: unknown = document.getIn(path);
  const there = typeof key === "string" ? key.trim() !== "" && !key.includes("${") : key !== null && key !== undefined;
  return there ? [path.join(".")] : [];
}

function indices(document: Document, list: string): readonly Place[] {
  const found = document.get(list, true);
  return isSeq(found) ? found.items.map((_, index) => [list, index]) : [];
}

/** As the entry is called where it is read: one without a name by its address. */
function nameOf(document: Document, place: Place): string | null {
  const [list, name] = place;
  if (list === "providers") return String(name);
  const said = [["name"], ["base_url"], ["base_urls", 0]].map((field): unknown => document.getIn([...place, ...field]));
  const [own, ...addresses] = said.map((each) => (typeof each === "string" && each.trim() !== "" ? each.trim() : null));
  if (own !== undefined && own !== null) return own;
  const address = addresses.find((each) => each !== null) ?? null;
  return address === null ? null : hostOf(address);
}

/** Whether something stands there that is not just empty. */
function isSetAt(document: Document, path: KeyPath): boolean {
  const value = plainAt(document, path.split("."));
  return value !== null && value !== undefined && (value !== "" || keyOf(path).emptyCounts === true);
}

function plainAt(document: Document, place: Place): unknown {
  const node = document.getIn(place, true);
  return isMap(node) || isSeq(node) ? node.toJS(document) : document.getIn(place);
}

function pairAt(document: Document, place: Place): Pair | null {
  const parent = place.length === 1 ? document.contents : document.getIn(place.slice(0, -1), true);
  if (!isMap(parent)) return null;
  return parent.items.find(({ key }) => isScalar(key) && key.value === place.at(-1)) ?? null;
}

/** The spellings of config.yaml that mean a key of another name, with the line they stand in. */
export interface Spelling {
  readonly written: string;
  readonly path: string;
  readonly line: number;
}

/** Every setting that is read under another name than it is written. */
export async function otherSpellings(home: string): Promise<readonly Spelling[]> {
  const text = await readOwnFile(configFile(home)).catch(() => "");
  return readConfigText(text, configFile(home)).settings.flatMap(({ path: written, line, value }) => {
    const path = findKey(written);
    const other = path !== null && path !== written && keyPaths.includes(path) && value !== null && value !== undefined;
    return other ? [{ written, path, line }] : [];
  });
}
