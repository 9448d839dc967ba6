import { Failure } from "../core/failures.ts";
import type { Kind } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { modelWindow, providerField, providerFieldNames } from "./providers.ts";

/** A field of one named server: `providers.deepseek.base_url`, `custom_providers.10.0.0.5:8000.models.qwen3.context_length`. */
export interface InnerKey {
  readonly list: "providers" | "custom_providers";
  readonly provider: string;
  /** Below the entry: the field, or `models`, a model's name and `context_length`. */
  readonly path: readonly [string, ...string[]];
  readonly kind: Kind<unknown>;
}

/** The field that a path means, or null when it is none of a named server. Names may hold dots. Throws `config.invalid` for an unknown field. */
export function findInner(name: string): InnerKey | null {
  const match = /^(providers|custom_providers)\.(.+)$/.exec(name.trim());
  if (match?.[2] === undefined) return null;
  const list = match[1] === "providers" ? "providers" : "custom_providers";
  const window = /^(.+?)\.models\.(.+)\.context_length$/.exec(match[2]);
  if (window?.[1] !== undefined && window[2] !== undefined)
    return { list, provider: window[1], path: ["models", window[2], "context_length"], kind: modelWindow };
  const dot = match[2].lastIndexOf(".");
  const field = match[2].slice(dot + 1);
  const kind = field === "models" ? null : providerField(field);
  if (dot > 0 && kind !== null) return { list, provider: match[2].slice(0, dot), path: [field], kind };
  const meant = dot > 0 ? nearest(field, providerFieldNames) : null;
  const advice =
    meant === null
      ? `Name a server and its field, such as ${list}.deepseek.base_url; fields: ${providerFieldNames.join(", ")}.`
      : `Did you mean ${list}.${match[2].slice(0, dot)}.${meant}?`;
  throw new Failure("config.invalid", `${name} is no field of a server.`, { advice });
}
