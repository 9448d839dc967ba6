import { type Document, isSeq } from "yaml";
import { Failure } from "../core/failures.ts";
import { type Change, editVariable } from "./change.ts";
import { type Place, openDocument, removeAt, render, setAt } from "./edit-yaml.ts";
import { parseEnvText } from "./env-file.ts";
import { shown } from "./findings.ts";
import { configFile, envFile } from "./home.ts";
import type { InnerKey } from "./inner-keys.ts";
import { type KeyHolder, ownVariable, variableFor } from "./key-variable.ts";
import { editOwnFile, readOwnFile } from "./write-file.ts";

/** A server's key goes to .env, under a variable that its entry names; every other field to its place in config.yaml. */
export async function setInner(home: string, name: string, inner: InnerKey, value: string): Promise<Change> {
  const secret = inner.path[0] === "api_key";
  const parsed = inner.kind.schema.safeParse(value);
  if (!parsed.success)
    throw new Failure("config.invalid", `${name} can't be ${shown(value, secret)}.`, {
      advice: `Expected ${inner.kind.expected}.`,
    });
  if (!secret) return await changeInner(home, name, inner, parsed.data);
  const key = value.trim();
  const { document, holder } = await holderOf(home, inner);
  const { values } = parseEnvText(await readOwnFile(envFile(home)), envFile(home));
  const variable = variableFor(document, values, holder, key);
  // The entry first: an entry without its key is told of, a key without its entry is not.
  const named = await changeInner(home, name, { ...inner, path: ["key_env"] }, variable);
  const kept = await editVariable(home, name, variable, key);
  // One in the entry would beat the variable.
  const literal = await changeInner(home, name, inner, null);
  return { ...kept, changed: named.changed || kept.changed || literal.changed };
}

/** Removes it; a server's key from both files. */
export async function unsetInner(home: string, name: string, inner: InnerKey): Promise<Change> {
  const { document, holder } = await holderOf(home, inner);
  const change = await changeInner(home, name, inner, null);
  if (inner.path[0] !== "api_key") return change;
  const variable = await changeInner(home, name, { ...inner, path: ["key_env"] }, null);
  const own = ownVariable(document, holder);
  const key = own === null ? variable : await editVariable(home, name, own, null);
  return { ...change, changed: change.changed || variable.changed || key.changed };
}

async function holderOf(home: string, inner: InnerKey): Promise<{ document: Document; holder: KeyHolder }> {
  const document = openDocument(await readOwnFile(configFile(home)));
  const place = placeOf(document, inner).slice(0, 2);
  return { document, holder: { place, name: inner.provider } };
}

async function changeInner(home: string, name: string, inner: InnerKey, value: unknown): Promise<Change> {
  const file = configFile(home);
  const changed = await editOwnFile(file, (before) => {
    const document = openDocument(before);
    const place = placeOf(document, inner);
    if (value !== null) setAt(document, place, value);
    return value !== null || removeAt(document, place) ? render(document) : before;
  });
  return { path: name, file, changed };
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
