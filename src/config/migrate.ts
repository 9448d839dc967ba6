import { chmod, constants, copyFile } from "node:fs/promises";
import { type Document, isMap, isScalar, isSeq, type Pair } from "yaml";
import { Failure } from "../core/failures.ts";
import { dropEmptied, type Place, openDocument, removeAt, render, setAt } from "./edit-yaml.ts";
import { editEnvText, parseEnvText } from "./env-file.ts";
import { configFile, envFile } from "./home.ts";
import { keyVariable } from "./inner-keys.ts";
import { findKey, keyOf, keyPaths } from "./keys.ts";
import { movedKey, movedKeys } from "./moved-keys.ts";
import { isOriginalKey } from "./original.ts";
import { movedVariables } from "./original-variables.ts";
import { fieldSynonyms } from "./providers.ts";
import { editOwnFile, readOwnFile, unwritable } from "./write-file.ts";
import { readConfigText } from "./yaml-file.ts";

/** What would be changed in an older home's files, or the original's, to have it as this version writes it. */
export interface Migration {
  /** One line a change. Empty: nothing is to be done. */
  readonly changes: readonly string[];
  /** Keys that stay as they are, and have no effect here. */
  readonly left: readonly string[];
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
  const work: Work = { document, env, changes: [], left: [] };
  for (const { path, value } of readConfigText(yaml, "config.yaml").settings) {
    if (value === null || value === undefined) continue;
    takeOver(work, path, value);
  }
  for (const { from, to, value } of movedKeys)
    if (document.hasIn(from.split("."))) move(work, from, to, value(plainAt(document, from.split("."))));
  takeVariables(work);
  for (const { place, name } of entries(document)) {
    renameFields(work, place);
    takeProviderKey(work, place, name);
  }
  const changed = work.changes.length > 0;
  return { changes: work.changes, left: work.left, yaml: changed ? render(document) : yaml, env: work.env };
}

interface Work {
  readonly document: Document;
  env: string;
  readonly changes: string[];
  readonly left: string[];
}

function takeOver(work: Work, path: string, value: unknown): void {
  const known = findKey(path);
  if (known !== null && keyOf(known).secret === true) return takeSecret(work, path, keyOf(known).env, value);
  // `model: NAME` says the same as `model.default`, and is a line shorter.
  if (known !== null && known !== path && path !== "model") return rename(work, path, known);
  if (known === null && movedKey(path) === null && isOriginalKey(path)) work.left.push(path);
}

/** Where both stand, the present spelling counts. */
function rename(work: Work, from: string, to: string): void {
  const [old, present] = [from.split("."), to.split(".")];
  if (work.document.hasIn(present)) {
    removeAt(work.document, old);
    work.changes.push(`${from} goes: ${to} is set too, and counts`);
    return;
  }
  const pair = pairAt(work.document, old);
  const name = present.at(-1) ?? to;
  // In its place its comments stay with it.
  if (pair !== null && old.slice(0, -1).join(".") === present.slice(0, -1).join(".") && isScalar(pair.key)) pair.key.value = name;
  else carry(work.document, old, present, work.document.getIn(old, false));
  work.changes.push(`${from} becomes ${to}`);
}

function move(work: Work, from: string, to: string, value: unknown): void {
  const place = to.split(".");
  if (value === undefined) {
    work.left.push(from);
    return;
  }
  if (work.document.hasIn(place)) {
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
    work.left.push(path);
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
    if (!parsed.success || work.document.hasIn(path.split("."))) {
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
function takeProviderKey(work: Work, place: Place, name: string): void {
  const key = work.document.getIn([...place, "api_key"]);
  if (typeof key !== "string" || key.trim() === "" || key.includes("${")) return;
  const variable = keyVariable(name);
  const there = parseEnvText(work.env, ".env").values[variable] ?? "";
  const text = there !== "" && there !== key.trim() ? null : written(work.env, variable, key.trim());
  if (text === null) {
    work.left.push([...place, "api_key"].join("."));
    return;
  }
  work.env = text;
  removeAt(work.document, [...place, "api_key"]);
  setAt(work.document, [...place, "key_env"], variable);
  work.changes.push(`the key of ${name} goes to .env, as ${variable}`);
}

function entries(document: Document): { readonly place: Place; readonly name: string }[] {
  const list = document.get("custom_providers", true);
  const map = document.get("providers", true);
  const listed = isSeq(list) ? list.items.map((_, index): Place => ["custom_providers", index]) : [];
  const named = isMap(map) ? map.items.map(({ key }) => ({ place: ["providers", String(key)], name: String(key) })) : [];
  const unnamed = listed.flatMap((place) => {
    const name = document.getIn([...place, "name"]);
    return typeof name === "string" ? [{ place, name }] : [];
  });
  return [...unnamed, ...named];
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
