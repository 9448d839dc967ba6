import { type Document, YAMLMap, isMap, isScalar } from "yaml";
import { Failure } from "../core/failures.ts";
import { editEnvText, parseEnvText } from "./env-file.ts";
import { shown } from "./findings.ts";
import { configFile, envFile } from "./home.ts";
import { type KeyPath, findKey, keyOf, keyPaths } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { isOriginalKey } from "./original.ts";
import { readOwnFile, writeOwnFile } from "./write-file.ts";
import { parseConfigText } from "./yaml-file.ts";

/** What a change did. */
export interface Change {
  readonly path: KeyPath;
  readonly file: string;
  /** False when the file said so already (or, for a removal, never did). */
  readonly changed: boolean;
}

/** Sets a key from text: in config.yaml with its comments kept, or in .env when it is a secret or stands there. Throws `config.invalid` with the mend. */
export async function setKey(home: string, name: string, value: string): Promise<Change> {
  const path = knownKey(name);
  const key = keyOf(path);
  const parsed = key.kind.schema.safeParse(value);
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
  const { document, problem } = parseConfigText(text);
  if (problem !== null) {
    throw new Failure("config.invalid", `config.yaml line ${problem.line} is not valid YAML: ${problem.text}.`, {
      advice: `Mend line ${problem.line} first; nothing was changed.`,
    });
  }
  if (value === null) return withoutKey(document, path) ? render(document) : text;
  const written = spellings(path).find((spelling) => document.hasIn(spelling)) ?? path.split(".");
  if (JSON.stringify(document.getIn(written)) === JSON.stringify(value)) return text;
  makeSection(document, written);
  setScalar(document, written, value);
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

/** A missing or empty section becomes a mapping; `model: name` becomes `model: {default: name}`. */
function makeSection(document: Document, path: readonly string[]): void {
  const [section = "", ...inner] = path;
  if (document.contents === null || isScalar(document.contents)) document.contents = replacing(document, document.contents);
  if (inner.length === 0) return;
  const present = document.get(section, true);
  if (isMap(present)) return;
  if (present !== undefined && !isScalar(present)) {
    throw new Failure("config.invalid", `${section} in config.yaml is not a plain section.`, {
      advice: "Change it with an editor.",
    });
  }
  const map = replacing(document, present ?? null);
  if (section === "model" && typeof present?.value === "string") map.set("default", present.value);
  document.set(section, map);
}

function replacing(document: Document, node: unknown): YAMLMap {
  const map = new YAMLMap(document.schema);
  if (isScalar(node)) {
    map.commentBefore = [node.commentBefore, node.comment].filter((comment) => typeof comment === "string").join("\n") || null;
  }
  return map;
}

/** Keeps the comment behind a value; the way the old one was typed (quotes, hex) goes with it. */
function setScalar(document: Document, path: readonly string[], value: unknown): void {
  const old = document.getIn(path, true);
  const node = document.createNode(value);
  if (isScalar(old) && isScalar(node)) {
    node.comment = old.comment ?? null;
    node.commentBefore = old.commentBefore ?? null;
  }
  document.setIn(path, node);
}

function render(document: Document): string {
  const text = document.toString({ lineWidth: 0 });
  // An emptied mapping would be written as `{}`.
  return text.trim() === "{}" ? "" : text;
}
