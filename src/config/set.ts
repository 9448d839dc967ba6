import { type Document, isScalar } from "yaml";
import { Failure } from "../core/failures.ts";
import { type Change, editVariable } from "./change.ts";
import { openDocument, render, setAt } from "./edit-yaml.ts";
import { parseEnvText } from "./env-file.ts";
import { shown } from "./findings.ts";
import { configFile, envFile } from "./home.ts";
import { type KeyPath, findKey, keyOf, keyPaths, sections } from "./keys.ts";
import { findInner } from "./inner-keys.ts";
import { movedKey } from "./moved-keys.ts";
import { nearest } from "./nearest.ts";
import { isOriginalKey } from "./original.ts";
import { movedVariables } from "./original-variables.ts";
import { serviceVariable } from "./service-variables.ts";
import { setInner, unsetInner } from "./set-inner.ts";
import { findWithin, serverEntry, setWithin, unsetWithin } from "./set-within.ts";
import { editOwnFile, readOwnFile } from "./write-file.ts";

export type { Change } from "./change.ts";

/** Sets a key from text: in config.yaml with its comments kept, or in .env when it is a secret or stands there. Throws `config.invalid` with the mend. */
export async function setKey(home: string, name: string, value: string): Promise<Change> {
  const inner = findInner(name);
  if (inner !== null) return await setInner(home, name.trim(), inner, value);
  const within = findWithin(name);
  if (within !== null) return await setWithin(home, name, within, value);
  const service = await serviceVariable(home, name);
  if (service !== null) return await editVariable(home, service, service, keyText(service, value));
  const path = knownKey(name);
  const key = keyOf(path);
  const parsed = key.kind.schema.safeParse(value);
  if (key.kind.faults !== undefined && !parsed.success) throw byHand(path);
  const [fault] = key.kind.faults?.(value) ?? [];
  if (fault !== undefined)
    throw new Failure("config.invalid", `${path}${fault.at}${fault.message.replace(/;[^;]*$/, ".")}`, { advice: fault.mend });
  if (!parsed.success) {
    throw new Failure("config.invalid", `${path} can't be ${shown(value, key.secret === true)}.`, {
      advice: `Expected ${key.kind.expected}.${key.secret === true ? "" : meantWord(path, value)}`,
    });
  }
  if (key.env !== undefined && (belongsInEnv(path) || (await isInEnv(home, key.env))))
    return await editEnv(home, path, key.env, value.trim());
  return await editYaml(home, path, parsed.data);
}

/** Removes a key from config.yaml and .env, so that its default counts again. */
export async function unsetKey(home: string, name: string): Promise<Change> {
  const entry = await serverEntry(home, name);
  if (entry !== null) return await unsetWithin(home, name, entry);
  const inner = findInner(name);
  if (inner !== null) return await unsetInner(home, name.trim(), inner);
  const within = findWithin(name);
  if (within !== null) return await unsetWithin(home, name, within);
  const service = await serviceVariable(home, name);
  if (service !== null) return await editVariable(home, service, service, null);
  const path = knownKey(name);
  const { env } = keyOf(path);
  const fromEnv = env === undefined ? null : await editEnv(home, path, env, null);
  const fromYaml = await editYaml(home, path, null);
  return fromYaml.changed || fromEnv === null ? fromYaml : fromEnv;
}

/** The path that a person's spelling of a key means. Throws `config.invalid` naming the nearest one. */
export function knownKey(name: string): KeyPath {
  const path = findKey(name.trim()) ?? movedVariables[name.trim()] ?? null;
  if (path !== null) return path;
  const moved = movedKey(name.trim());
  if (moved !== null)
    throw new Failure("config.invalid", `${name} is a key of the original Hermes Agent.`, { advice: `Here it is ${moved.to}.` });
  if (isOriginalKey(name)) {
    throw new Failure("config.invalid", `${name} is a key of the original Hermes Agent that this version does not use.`);
  }
  if (sections.has(name.trim())) {
    throw new Failure("config.invalid", `${name.trim()} is a section, not a key.`, {
      advice: `Name a key of it; \`hermes config show ${name.trim()}\` lists them.`,
    });
  }
  const names = keyPaths.flatMap((known) => {
    const { env, aliases = [] } = keyOf(known);
    return env === undefined ? [known, ...aliases] : [known, env, ...aliases];
  });
  const meant = nearest(name, names);
  const advice = meant === null ? "`hermes config show` lists all keys." : `Did you mean ${meant}?`;
  throw new Failure("config.invalid", `there is no key ${shown(name, false)}.`, { advice });
}

function meantWord(path: KeyPath, value: string): string {
  if (value.trim() === "") return ` \`hermes config unset ${path}\` goes back to the default.`;
  const { words } = keyOf(path).kind;
  const meant = words === undefined ? null : nearest(value.trim(), words);
  return meant === null ? "" : ` Did you mean ${meant}?`;
}

/** A key as it may stand in .env and in an HTTP header. */
function keyText(name: string, value: string): string {
  const text = value.trim();
  if (text !== "" && !/\p{Cc}/u.test(text)) return text;
  throw new Failure("config.invalid", `${name} can't be a value that is not shown.`, { advice: "Expected one line of text." });
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
  return await editVariable(home, path, env, value);
}

async function editYaml(home: string, path: KeyPath, value: unknown): Promise<Change> {
  const file = configFile(home);
  return { path, file, changed: await editOwnFile(file, (before) => editConfigText(before, path, value)) };
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
    path !== "providers" && path !== "custom_providers"
      ? `Set one value, such as ${path}.NAME.FIELD, or change it with \`hermes config edit\`.`
      : `Set one field, such as ${path}.deepseek.base_url, use \`hermes model\`, or \`hermes config edit\`.`;
  return new Failure("config.invalid", `${path} holds several entries and can't be set at once.`, { advice });
}
