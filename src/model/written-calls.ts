import type { ToolSpec } from "../core/model.ts";
import { isObject, isObjectText, parsed, settleArguments } from "./arguments.ts";
import type { WrittenCall } from "./families/family.ts";
import { closeNames, matchName } from "./names.ts";

/** A call of an offered tool, read out of text. */
export interface TextCall {
  readonly name: string;
  readonly arguments: string;
}

/** The tools that a request offers, by name. */
export type Offered = ReadonlyMap<string, ToolSpec>;

/** Each call with the name and types of the tool it means, or a sentence for the model that says why it is none. */
export function settleCalls(written: readonly WrittenCall[], offered: Offered): (TextCall | string)[] {
  return written.map(({ name, args }) => {
    const known = matchName(name, offered.keys());
    const spec = known === null ? undefined : offered.get(known);
    if (spec === undefined) return unknown(name, offered);
    return { name: spec.name, arguments: typeof args === "string" ? settleArguments(args) : typed(args, spec) };
  });
}

/** What to tell a model whose markup holds no call at all. */
export function unreadable(markup: string): string {
  const shown = markup.trim().slice(0, shownCharacters);
  return `Your tool call could not be read and was not run: ${shown}${markup.trim().length > shownCharacters ? "…" : ""}`;
}

/** What to tell a model that called within its thinking. */
export const calledInThought =
  "Your tool call stood within your thinking, so it was not run. End your thinking first, then call.";

/** What to tell a model whose call was cut off. */
export const cutOff = "Your tool call was cut off before its end and was not run.";

const shownCharacters = 200;

function unknown(name: string, offered: Offered): string {
  const shown = name.trim().slice(0, shownCharacters);
  if (offered.size === 0) return `You called ${shown}, but no tool can be called now.`;
  const close = closeNames(name, offered.keys());
  const names = close.length > 0 ? close : [...offered.keys()];
  return `There is no tool named "${shown}", so it was not run. ${close.length > 0 ? "Did you mean" : "Use one of"}: ${names.join(", ")}.`;
}

/** Values that came without types, as the tool's schema wants them: what is no value of the wanted type stays text. */
function typed(pairs: readonly (readonly [string, string])[], spec: ToolSpec): string {
  const properties = spec.parameters["properties"];
  const schemas = isObject(properties) ? properties : {};
  return JSON.stringify(Object.fromEntries(pairs.map(([key, value]) => [key, valueOf(value, schemas[key])])));
}

function valueOf(value: string, schema: unknown): unknown {
  const types = typesOf(schema);
  if (types.has("string")) return types.size > 1 && value.trim() === "null" ? null : value;
  const read = parsed(value.trim()) ?? wordIn(value.trim());
  if (types.size === 0) return isScalar(value) ? (read ?? value) : isObjectText(value) || Array.isArray(read) ? read : value;
  return read === undefined ? value : read;
}

function wordIn(text: string): unknown {
  return Object.hasOwn(words, text) ? words[text] : undefined;
}

const words: Readonly<Record<string, unknown>> = { True: true, False: false, None: null };

/** The types that a value of this schema may have; none when it does not say. */
function typesOf(schema: unknown): ReadonlySet<string> {
  if (!isObject(schema)) return new Set();
  const { type } = schema;
  const own = Array.isArray(type) ? type.filter((one) => typeof one === "string") : typeof type === "string" ? [type] : [];
  const options = ["anyOf", "oneOf"].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []));
  const named = Array.isArray(schema["enum"]) && schema["enum"].every((one) => typeof one === "string") ? ["string"] : [];
  return new Set([...own, ...named, ...options.flatMap((option) => [...typesOf(option)])]);
}

function isScalar(value: string): boolean {
  return /^\s*(?:-?\d+(?:\.\d+)?|true|false|null)\s*$/.test(value);
}
