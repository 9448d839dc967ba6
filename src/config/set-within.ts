import { type Document, isMap, isSeq } from "yaml";
import { Failure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import type { Change } from "./change.ts";
import { dropEmptied, type Place, openDocument, removeAt, render, setAt } from "./edit-yaml.ts";
import { configFile } from "./home.ts";
import { type KeyPath, keyOf, keyPaths } from "./keys.ts";
import type { Fault } from "./kinds.ts";
import { editOwnFile, readOwnFile } from "./write-file.ts";
import { parseTypedText } from "./yaml-text.ts";

/** A place inside a key that holds several entries: `mcp_servers.github.enabled`, `fallback_providers.0.model`. */
export interface InnerPlace {
  readonly path: KeyPath;
  readonly place: Place;
}

/** The place that a name means, or null where it is in no such key. */
export function findWithin(name: string): InnerPlace | null {
  const path = keyPaths.find((each) => holdsSeveral(each) && name.trim().startsWith(`${each}.`));
  if (path === undefined) return null;
  const inner = name.trim().slice(path.length + 1);
  const names = inner.split(".");
  if (names.includes("")) return null;
  return { path, place: [...path.split("."), ...names.map((each) => (/^\d+$/.test(each) ? Number(each) : each))] };
}

function holdsSeveral(path: KeyPath): boolean {
  const { kind } = keyOf(path);
  return kind.faults !== undefined || kind.show !== undefined;
}

/** A whole named server, `providers.deepseek`, or null where there is none of that name. */
export async function serverEntry(home: string, name: string): Promise<InnerPlace | null> {
  const match = /^(providers|custom_providers)\.(.+)$/.exec(name.trim());
  if (match?.[2] === undefined) return null;
  const path = match[1] === "providers" ? "providers" : "custom_providers";
  const document = openDocument(await readOwnFile(configFile(home)));
  if (path === "providers") return document.hasIn([path, match[2]]) ? { path, place: [path, match[2]] } : null;
  const list = document.get(path, true);
  const index = isSeq(list) ? list.items.findIndex((_, at) => document.getIn([path, at, "name"]) === match[2]) : -1;
  return index === -1 ? null : { path, place: [path, index] };
}

/** Sets one value inside such a key, if the whole still makes sense. */
export async function setWithin(home: string, name: string, within: InnerPlace, value: string): Promise<Change> {
  refuseSecret(name, value);
  const change = (document: Document): boolean => {
    setAt(document, within.place, typed(value));
    return true;
  };
  return await changeWithin(home, name, within, change);
}

/** Removes one value, or an entry, from such a key. */
export async function unsetWithin(home: string, name: string, within: InnerPlace): Promise<Change> {
  const { place } = within;
  const change = (document: Document): boolean => {
    const removed = removeAt(document, place);
    if (removed) dropEmptied(document, place.slice(0, -1));
    return removed;
  };
  return await changeWithin(home, name, within, change);
}

async function changeWithin(
  home: string,
  name: string,
  { path }: InnerPlace,
  change: (document: Document) => boolean,
): Promise<Change> {
  const file = configFile(home);
  const changed = await editOwnFile(file, (before) => {
    const document = openDocument(before);
    const old = faultsOf(document, path);
    if (!change(document)) return before;
    const [fault] = faultsOf(document, path).filter(
      ({ at, message }) => !old.some((each) => each.at === at && each.message === message),
    );
    if (fault !== undefined)
      throw new Failure("config.invalid", `${path}${fault.at}${fault.message.replace(/;[^;]*$/, ".")}`, { advice: fault.mend });
    return render(document);
  });
  return { path: name.trim(), file, changed };
}

function faultsOf(document: Document, path: KeyPath): readonly Fault[] {
  const { kind } = keyOf(path);
  const node = document.getIn(path.split("."), true);
  if (!isMap(node) && !isSeq(node)) return [];
  const whole: unknown = node.toJS(document);
  if (!kind.schema.safeParse(whole).success)
    return [{ severity: "error", at: "", message: " would be something else then.", mend: `Expected ${kind.expected}.` }];
  return kind.faults?.(whole) ?? [];
}

/** As YAML has it: `false`, `30`, `[a, b]`; anything else is text. */
function typed(value: string): unknown {
  try {
    const read = parseTypedText(value);
    return read === null || (typeof read === "object" && !Array.isArray(read)) ? value.trim() : read;
  } catch {
    return value.trim();
  }
}

/** config.yaml is no place for one. */
function refuseSecret(name: string, value: string): void {
  const last = name.split(".").at(-1) ?? name;
  if (value.includes("${") || redact(`${last}=${value}`) === `${last}=${value}`) return;
  throw new Failure("config.invalid", `${name} looks like a secret, which config.yaml is no place for.`, {
    advice: `Write '\${NAME}' here, and keep it in .env: \`hermes config set NAME\`.`,
  });
}
