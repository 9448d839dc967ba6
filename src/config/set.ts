import { type Document, isScalar, isSeq } from "yaml";
import { Failure } from "../core/failures.ts";
import { type Place, openDocument, removeAt, render, setAt } from "./edit-yaml.ts";
import { editEnvText, parseEnvText } from "./env-file.ts";
import { shown } from "./findings.ts";
import { configFile, envFile } from "./home.ts";
import { type KeyPath, findKey, keyOf, keyPaths } from "./keys.ts";
import { type InnerKey, findInner, keyVariable } from "./inner-keys.ts";
import { nearest } from "./nearest.ts";
import { isOriginalKey } from "./original.ts";
import { readOwnFile, writeOwnFile } from "./write-file.ts";

/** What a change did. */
export interface Change {
  readonly path: string;
  readonly file: string;
  /** False when the file said so already (or, for a removal, never did). */
  readonly changed: boolean;
}

/** Sets a key from text: in config.yaml with its comments kept, or in .env when it is a secret or stands there. Throws `config.invalid` with the mend. */
export async function setKey(home: string, name: string, value: string): Promise<Change> {
  const inner = findInner(name);
  if (inner !== null) return await setInner(home, name.trim(), inner, value);
  const path = knownKey(name);
  const key = keyOf(path);
  const parsed = key.kind.schema.safeParse(value);
  if (key.kind.faults !== undefined && !parsed.success) throw byHand(path);
  const [fault] = key.kind.faults?.(value) ?? [];
  if (fault !== undefined)
    throw new Failure("config.invalid", `${path}${fault.at}${fault.message.replace(/;[^;]*$/, ".")}`, { advice: fault.mend });
  if (!parsed.success) {
    throw new Failure("config.invalid", `${path} can't be ${shown(value, key.secret === true)}.`, {
      advice: `Expected ${key.kind.expected}.`,
    });
  }
  if (key.env !== undefined && (belongsInEnv(path) || (await isInEnv(home, key.env))))
    return await editEnv(home, path, key.env, value.trim());
  return await editYaml(home, path, parsed.data);
}

/** Removes a key from config.yaml and .env, so that its default counts again. */
export async function unsetKey(home: string, name: string): Promise<Change> {
  const inner = findInner(name);
  if (inner !== null) return await unsetInner(home, name.trim(), inner);
  const path = knownKey(name);
  const { env } = keyOf(path);
  const fromEnv = env === undefined ? null : await editEnv(home, path, env, null);
  const fromYaml = await editYaml(home, path, null);
  return fromYaml.changed || fromEnv === null ? fromYaml : fromEnv;
}

/** The path that a person's spelling of a key means. Throws `config.invalid` naming the nearest one. */
export function knownKey(name: string): KeyPath {
  const path = findKey(name.trim());
  if (path !== null) return path;
  if (isOriginalKey(name)) {
    throw new Failure("config.invalid", `${name} is a key of the original Hermes Agent that this version does not use.`);
  }
  const names = keyPaths.flatMap((known) => {
    const { env, aliases = [] } = keyOf(known);
    return env === undefined ? [known, ...aliases] : [known, env, ...aliases];
  });
  const meant = nearest(name, names);
  const advice = meant === null ? "`hermes config show` lists all keys." : `Did you mean ${meant}?`;
  throw new Failure("config.invalid", `there is no key ${shown(name, false)}.`, { advice });
}

function belongsInEnv(path: KeyPath): boolean {
  return keyOf(path).secret === true || keyOf(path).environmentOnly === true;
}

/** .env beats config.yaml: a variable that stands there is changed there, or the change would have no effect. */
async function isInEnv(home: string, env: string): Promise<boolean> {
  return (parseEnvText(await readOwnFile(envFile(home)), envFile(home)).values[env] ?? "") !== "";
}

async function editEnv(home: string, path: KeyPath, env: string, value: string | null): Promise<Change> {
  if (value !== null && keyOf(path).early === true) {
    throw new Failure("config.invalid", `${env} is read before any file is.`, { advice: "Set it in the environment." });
  }
  const file = envFile(home);
  const before = await readOwnFile(file);
  const after = editEnvText(before, env, value);
  if (after !== before) await writeOwnFile(file, after);
  return { path, file, changed: after !== before };
}

async function editYaml(home: string, path: KeyPath, value: unknown): Promise<Change> {
  const file = configFile(home);
  const before = await readOwnFile(file);
  const after = editConfigText(before, path, value);
  if (after !== before) await writeOwnFile(file, after);
  return { path, file, changed: after !== before };
}

/** The text of a config.yaml with one key set, or removed with null. Comments and everything else stay. */
export function editConfigText(text: string, path: KeyPath, value: unknown): string {
  const document = openDocument(text);
  if (value === null) return withoutKey(document, path) ? render(document) : text;
  const written = spellings(path).find((spelling) => document.hasIn(spelling)) ?? path.split(".");
  if (JSON.stringify(document.getIn(written)) === JSON.stringify(value)) return text;
  setAt(document, written, value);
  return render(document);
}

/** The path as the table has it, then its other spellings. */
function spellings(path: KeyPath): string[][] {
  return [path, ...(keyOf(path).aliases ?? [])].map((spelling) => spelling.split("."));
}

function withoutKey(document: Document, path: KeyPath): boolean {
  if (path === "model.default" && isScalar(document.get("model", true))) return document.delete("model");
  return spellings(path).reduce((done, spelling) => (document.hasIn(spelling) && document.deleteIn(spelling)) || done, false);
}

function byHand(path: KeyPath): Failure {
  const advice =
    path === "fallback_providers"
      ? "Change it in config.yaml with an editor."
      : `Set one field, such as ${path}.deepseek.base_url, use \`hermes model\`, or change it in config.yaml with an editor.`;
  return new Failure("config.invalid", `${path} holds several entries and can't be set at once.`, { advice });
}

/** A server's key goes to .env, under a variable that its entry names; every other field to its place in config.yaml. */
async function setInner(home: string, name: string, inner: InnerKey, value: string): Promise<Change> {
  const secret = inner.path[0] === "api_key";
  const parsed = inner.kind.schema.safeParse(value);
  if (!parsed.success)
    throw new Failure("config.invalid", `${name} can't be ${shown(value, secret)}.`, {
      advice: `Expected ${inner.kind.expected}.`,
    });
  if (!secret) return await changeInner(home, name, inner, parsed.data);
  const variable = keyVariable(inner.provider);
  const file = envFile(home);
  const before = await readOwnFile(file);
  const after = editEnvText(before, variable, value.trim());
  // The entry first: an entry without its key is told of, a key without its entry is not.
  const named = await changeInner(home, name, { ...inner, path: ["key_env"] }, variable);
  if (after !== before) await writeOwnFile(file, after);
  return { path: name, file, changed: named.changed || after !== before };
}

async function unsetInner(home: string, name: string, inner: InnerKey): Promise<Change> {
  const change = await changeInner(home, name, inner, null);
  if (inner.path[0] !== "api_key") return change;
  const variable = await changeInner(home, name, { ...inner, path: ["key_env"] }, null);
  const file = envFile(home);
  const before = await readOwnFile(file);
  const after = editEnvText(before, keyVariable(inner.provider), null);
  if (after !== before) await writeOwnFile(file, after);
  return { ...change, changed: change.changed || variable.changed || after !== before };
}

async function changeInner(home: string, name: string, inner: InnerKey, value: unknown): Promise<Change> {
  const file = configFile(home);
  const before = await readOwnFile(file);
  const document = openDocument(before);
  const place = placeOf(document, inner);
  if (value !== null) setAt(document, place, value);
  const touched = value !== null || removeAt(document, place);
  const after = touched ? render(document) : before;
  if (after !== before) await writeOwnFile(file, after);
  return { path: name, file, changed: after !== before };
}

function placeOf(document: Document, { list, provider, path }: InnerKey): Place {
  if (list === "providers") return [list, provider, ...path];
  const index = entryNamed(document, provider);
  if (index >= 0) return [list, index, ...path];
  const advice = `\`hermes model\` adds one; or set providers.${provider}.${path.join(".")}.`;
  throw new Failure("config.invalid", `custom_providers has no entry named ${provider}.`, { advice });
}

function entryNamed(document: Document, name: string): number {
  const list = document.get("custom_providers", true);
  return isSeq(list) ? list.items.findIndex((_, index) => document.getIn(["custom_providers", index, "name"]) === name) : -1;
}
