import { z } from "zod";
import { apiMode } from "./api-modes.ts";
import { shown } from "./findings.ts";
import { type Fault, type Kind, address, addresses, text, whole } from "./kinds.ts";
import { nearest } from "./nearest.ts";

/** A model server under a name, as `custom_providers` or `providers` has it. */
export interface ProviderEntry {
  readonly name: string;
  /** Empty where a well-known provider's own address is meant. */
  readonly baseUrls: readonly string[];
  /** The key itself, or the variable's value. */
  readonly apiKey: string | null;
  readonly keyEnv: string | null;
  readonly apiMode: "auto" | "chat_completions" | "responses" | "anthropic_messages";
  readonly model: string | null;
  readonly contextLength: number | null;
  readonly contextLengths: Readonly<Record<string, number>>;
  readonly concurrency: number | null;
}

/** What to try when the main model fails. */
export interface FallbackEntry {
  readonly provider: string | null;
  readonly model: string | null;
  readonly baseUrl: string | null;
  readonly keyEnv: string | null;
  /** The variable's value. */
  readonly apiKey: string | null;
}

const web = ["http", "https"];
const example = "http://127.0.0.1:8000/v1";
/** As wide as `model.context_length`. */
const window = whole(1_024, 10_000_000, "tokens");

const providerFields = {
  name: text("a name"),
  base_url: address(web, example),
  base_urls: addresses(example),
  api_key: text("a key"),
  key_env: text("a variable's name"),
  api_mode: apiMode,
  model: text("a model's name"),
  context_length: window,
  concurrency: whole(1, 1_024, "requests"),
  models: table("a mapping of a model's name to its context_length"),
} as const satisfies Readonly<Record<string, Kind<unknown>>>;

const fallbackFields = {
  provider: text("a provider's name"),
  model: text("a model's name"),
  base_url: address(web, example),
  key_env: text("a variable's name"),
} as const satisfies Readonly<Record<string, Kind<unknown>>>;

/** The names of a provider's fields. */
export const providerFieldNames: readonly string[] = Object.keys(providerFields);

/** The kind of a provider's field, or null where there is none of that name. */
export function providerField(name: string): Kind<unknown> | null {
  return Object.entries(providerFields).find(([field]) => field === name)?.[1] ?? null;
}

/** The context length of one model, under `models`. */
export const modelWindow = window;

/** Other spellings of a server's fields that the original reads. */
export const fieldSynonyms: Readonly<Record<string, string>> = { url: "base_url", api: "base_url", default_model: "model" };
/** Fields of the original that this version does not use. */
const originals =
  "key_cmd extra_body extra_headers request_timeout_seconds stale_timeout_seconds session_affinity_header ssl_ca_cert ssl_verify discover_models max_tokens supports_vision timeout_seconds transport context_length enabled".split(
    " ",
  );

/** `custom_providers`: a list of servers, each with its name. */
export function providerList(): Kind<readonly ProviderEntry[]> {
  return entriesKind("a list of servers, each with a name and a base_url", (raw) =>
    Array.isArray(raw) ? gather(raw.map((entry, index) => readProvider(entry, `[${index}]`, null))) : null,
  );
}

/** `providers`: a mapping of names to servers. */
export function providerMap(): Kind<readonly ProviderEntry[]> {
  return entriesKind("a mapping of names to servers", (raw) =>
    isMapping(raw) || isEmpty(raw)
      ? gather(Object.entries(raw).map(([name, entry]) => readProvider(entry, `.${name}`, name)))
      : null,
  );
}

/** `fallback_providers`: a list of what to try in turn. */
export function fallbackList(): Kind<readonly FallbackEntry[]> {
  return entriesKind("a list of entries with a provider and a model", (raw) =>
    Array.isArray(raw) ? gather(raw.map((entry, index) => readFallback(entry, `[${index}]`))) : null,
  );
}

interface Read<T> {
  readonly entry: T | null;
  readonly faults: readonly Fault[];
}

interface Gathered<T> {
  readonly entries: readonly T[];
  readonly faults: readonly Fault[];
}

function gather<T>(reads: readonly Read<T>[]): Gathered<T> {
  return {
    entries: reads.flatMap((read) => (read.entry === null ? [] : [read.entry])),
    faults: reads.flatMap((read) => read.faults),
  };
}

function entriesKind<T extends ProviderEntry | FallbackEntry>(
  expected: string,
  readAll: (raw: unknown) => Gathered<T> | null,
): Kind<readonly T[]> {
  const schema = z.unknown().transform((raw, context): readonly T[] => {
    const read = readAll(raw);
    if (read !== null) return read.entries;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
  return { schema, expected, faults: (raw) => readAll(raw)?.faults ?? [], show: (entries) => entries.map(summary).join("; ") };
}

/** An entry on one line, without its key. */
function summary(entry: ProviderEntry | FallbackEntry): string {
  const parts = "baseUrls" in entry ? [entry.name, ...entry.baseUrls.map(plain)] : [entry.provider ?? plain(entry.baseUrl ?? "")];
  const key = entry.keyEnv ?? (entry.apiKey === null ? null : "a key, not shown");
  return [...parts, entry.model, key === null ? null : `key: ${key}`].filter((part) => part !== null && part !== "").join(" ");
}

function plain(value: string): string {
  return shown(value, false).slice(1, -1);
}

function readProvider(raw: unknown, at: string, named: string | null): Read<ProviderEntry> {
  if (!isMapping(raw)) return { entry: null, faults: [notMapping(raw, at)] };
  const { values, faults } = readFields(raw, at, providerFields);
  const one = values.base_url;
  const baseUrls = [...new Set([...(one === undefined ? [] : [one]), ...(values.base_urls ?? [])])];
  const name = named ?? values.name ?? (baseUrls[0] === undefined ? null : hostOf(baseUrls[0]));
  if (name === null) return { entry: null, faults: [...faults, lacks(at, "a name and a base_url")] };
  const { lengths, faults: inner } = readModels(raw["models"], `${at}.models`);
  const entry = {
    name,
    baseUrls,
    apiKey: values.api_key ?? null,
    keyEnv: values.key_env ?? null,
    apiMode: values.api_mode ?? "auto",
    model: values.model ?? null,
    contextLength: values.context_length ?? null,
    contextLengths: lengths,
    concurrency: values.concurrency ?? null,
  };
  return { entry, faults: [...faults, ...inner] };
}

function readFallback(raw: unknown, at: string): Read<FallbackEntry> {
  if (!isMapping(raw)) return { entry: null, faults: [notMapping(raw, at)] };
  const { values, faults } = readFields(raw, at, fallbackFields);
  const { provider = null, model = null, base_url: baseUrl = null, key_env: keyEnv = null } = values;
  if (provider === null && baseUrl === null && model === null)
    return { entry: null, faults: [...faults, lacks(at, "a provider or a model")] };
  return { entry: { provider, model, baseUrl, keyEnv, apiKey: null }, faults };
}

type Table = Readonly<Record<string, Kind<unknown>>>;
type Values<T extends Table> = { -readonly [F in keyof T]?: T[F] extends Kind<infer V> ? V : never };

/** The fields that can be used; a fault for each other one. */
function readFields<T extends Table>(raw: Mapping, at: string, table: T): { values: Values<T>; faults: readonly Fault[] } {
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [written, value] of Object.entries(raw)) {
    const name = Object.hasOwn(table, written) ? written : (fieldSynonyms[written] ?? written);
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) faults.push(stranger(`${at}.${written}`, written, Object.keys(table)));
    else if (value !== null && value !== "") {
      const parsed = kind.schema.safeParse(value);
      if (parsed.success) values[name] = parsed.data;
      else faults.push(unusable(`${at}.${written}`, value, name === "api_key", kind.expected));
    }
  }
  // Each value was read by its own field's schema.
  return { values: values as Values<T>, faults };
}

function readModels(raw: unknown, at: string): { lengths: Record<string, number>; faults: readonly Fault[] } {
  const lengths: Record<string, number> = {};
  const faults: Fault[] = [];
  for (const [model, options] of isMapping(raw) ? Object.entries(raw) : []) {
    if (options === null) continue;
    if (!isMapping(options)) faults.push(notMapping(options, `${at}.${model}`));
    else {
      const { values, faults: inner } = readFields(options, `${at}.${model}`, { context_length: window });
      if (values.context_length !== undefined) lengths[model] = values.context_length;
      faults.push(...inner);
    }
  }
  return { lengths, faults };
}

function stranger(at: string, name: string, known: readonly string[]): Fault {
  const meant = nearest(name, known);
  if (meant === null && originals.includes(name)) {
    const message = " is a field of the original Hermes Agent that this version does not use.";
    return { severity: "warning", at, message, mend: "Nothing to do; remove it to silence this line." };
  }
  const mend = meant === null ? `Fields: ${known.join(", ")}.` : `Did you mean ${meant}?`;
  return { severity: "warning", at, message: " is no field that this version knows, so it does nothing.", mend };
}

function unusable(at: string, value: unknown, secret: boolean, expected: string): Fault {
  const message = ` is ${shown(value, secret)}; it counts as not set.`;
  return { severity: "error", at, message, mend: `Expected ${expected}.` };
}

function notMapping(raw: unknown, at: string): Fault {
  return { severity: "error", at, message: ` is ${shown(raw, true)}; it is not used.`, mend: "Expected a mapping of fields." };
}

function lacks(at: string, what: string): Fault {
  return { severity: "error", at, message: ` lacks ${what}; it is not used.`, mend: `Give it ${what}.` };
}

/** `host:port` of an address: the name of a server that was given none. */
export function hostOf(baseUrl: string): string {
  return URL.parse(baseUrl)?.host ?? baseUrl;
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(raw: unknown): raw is Mapping {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function isEmpty(raw: unknown): raw is readonly never[] {
  return Array.isArray(raw) && raw.length === 0;
}

function table(expected: string): Kind<unknown> {
  return { schema: z.unknown().refine(isMapping), expected };
}
