import { type Document, isMap, isSeq } from "yaml";
import type { Place } from "./edit-yaml.ts";
import type { Environment } from "./home.ts";
import { findKey } from "./keys.ts";
import { namesIn } from "./strangers.ts";
import { wellKnown } from "./well-known.ts";

/** A server's entry in config.yaml. */
export interface KeyHolder {
  readonly place: Place;
  readonly name: string;
}

/**
 * The variable that is to hold a server's key: `deepseek` → `DEEPSEEK_API_KEY`; with a number where that one holds another's, for
 * `my-server` and `my_server` would have the same. One that is its own already stays.
 */
export function variableFor(document: Document, variables: Environment, holder: KeyHolder, key: string): string {
  const own = ownVariable(document, holder);
  if (own !== null) return own;
  const taken = namedByOthers(document, holder.place);
  const isFree = (name: string): boolean => !taken.has(name) && ["", key].includes(variables[name] ?? "");
  const plain = plainVariable(holder.name);
  let variable = plain;
  for (let number = 2; !isFree(variable); number += 1) variable = `${plain}_${number}`;
  return variable;
}

/** The variable that holds this server's key and no other's: its entry says so, or it is the hosted service of that name. */
export function ownVariable(document: Document, { place, name }: KeyHolder): string | null {
  const plain = plainVariable(name);
  const named = document.getIn([...place, "key_env"]);
  const isIts = typeof named === "string" && named.startsWith(plain) && /^(?:_\d+)?$/.test(named.slice(plain.length));
  const own = isIts ? named : wellKnown[name.toLowerCase()]?.keyEnv === plain ? plain : null;
  return own === null || namedByOthers(document, place).has(own) ? null : own;
}

function namedByOthers(document: Document, [list, which]: Place): ReadonlySet<string> {
  const others = providerPlaces(document).filter((place) => place[0] !== list || place[1] !== which);
  return new Set(others.flatMap((place) => namesIn(contentAt(document, place))));
}

/** One that is a key of ours already holds something else. */
function plainVariable(provider: string): string {
  const name = provider
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  const plain = `${name}_API_KEY`;
  return /^[A-Z]/.test(name) && findKey(plain) === null ? plain : `MODEL_${plain}`;
}

/** The places of all named servers, those of the list first. */
export function providerPlaces(document: Document): readonly Place[] {
  const list = document.get("custom_providers", true);
  const map = document.get("providers", true);
  return [
    ...(isSeq(list) ? list.items.map((_, index): Place => ["custom_providers", index]) : []),
    ...(isMap(map) ? map.items.map(({ key }): Place => ["providers", String(key)]) : []),
  ];
}

function contentAt(document: Document, place: Place): unknown {
  const node = document.getIn(place, true);
  return isMap(node) ? node.toJS(document) : null;
}
