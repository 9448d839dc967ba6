import { z } from "zod";

/** What a key accepts: how it is read (from YAML or from text) and how that is said to a person. */
export interface Kind<T> {
  readonly schema: z.ZodType<T>;
  /** Completes "expected …". */
  readonly expected: string;
  /** All that it may be, where that is a few words. */
  readonly words?: readonly string[];
  /** For a list or a mapping: what is wrong inside it. Such parts are left out and the rest is used. */
  faults?(raw: unknown): readonly Fault[];
  /** For a list or a mapping: how `hermes config show` prints it, without secrets. */
  show?(value: T): string;
}

/** Something wrong inside a list or a mapping. */
export interface Fault {
  readonly severity: "error" | "warning";
  /** Where in it, to put behind the key: `[0].api_mode`, `.deepseek.base_url`. */
  readonly at: string;
  /** What is wrong, to put behind the place: ` is "x"; it counts as not set.` */
  readonly message: string;
  readonly mend: string;
}

/** A whole number between two bounds; text is read as a number. */
export function whole(least: number, most: number, unit: string): Kind<number> {
  return {
    schema: z.preprocess(numeric, z.int().min(least).max(most)),
    expected: `a whole number${unit === "" ? "" : ` of ${unit}`} from ${least} to ${most}`,
  };
}

/** A number between two bounds; text is read as a number. */
export function amount(least: number, most: number, unit: string): Kind<number> {
  return {
    schema: z.preprocess(numeric, z.number().min(least).max(most)),
    expected: `a number${unit === "" ? "" : ` of ${unit}`} from ${least} to ${most}`,
  };
}

/** On or off. */
export function toggle(): Kind<boolean> {
  return { schema: z.preprocess(booleanLike, z.boolean()), expected: "true or false" };
}

/**
 * One of a few words, in any case; `also` maps other spellings. `true` and `false` are read as `on` and `off`, which older YAML made of
 * those words.
 */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
  also: Readonly<Record<string, Words[number]>> = {},
): Kind<Words[number]> {
  const asWord = (raw: unknown): unknown => {
    if (typeof raw === "boolean") return raw ? "on" : "off";
    const word = typeof raw === "string" ? raw.trim().toLowerCase() : raw;
    return typeof word === "string" ? (also[word] ?? word) : word;
  };
  return { schema: z.preprocess(asWord, z.enum(words)), expected: `one of ${words.join(", ")}`, words };
}

/** One line of text, not empty. */
export function text(expected: string): Kind<string> {
  const asText = (raw: unknown): unknown => (typeof raw === "number" ? String(raw) : typeof raw === "string" ? raw.trim() : raw);
  // Control characters: a token pasted with a line break must not reach an HTTP header.
  const line = z
    .string()
    .min(1)
    .max(8_192)
    .refine((value) => !/\p{Cc}/u.test(value));
  return { schema: z.preprocess(asText, line), expected };
}

/** An address with one of the given schemes. */
export function address(schemes: readonly string[], example: string): Kind<string> {
  const isAddress = (value: string): boolean => {
    const url = URL.parse(value);
    return url !== null && schemes.includes(url.protocol.slice(0, -1)) && (url.hostname !== "" || url.protocol === "unix:");
  };
  return {
    schema: text("").schema.refine(isAddress),
    expected: `an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}, such as ${example}`,
  };
}

/** A list of web addresses: a YAML list, or text with commas; empty text is an empty list. */
export function addresses(example: string): Kind<readonly string[]> {
  const one = address(["http", "https"], example).schema;
  return { schema: z.preprocess(listLike, z.array(one)), expected: `addresses separated by commas, such as ${example}` };
}

/** A list of a platform's ids of people or channels: a YAML list, or text with commas; empty text is an empty list. */
export function ids(example: string): Kind<readonly string[]> {
  const one = id(example).schema;
  return { schema: z.preprocess(listLike, z.array(one)), expected: `ids in quotes, separated by commas, such as "${example}"` };
}

/** A platform's id. Long numbers without quotes have lost their last digits by the time they are read: they are refused. */
export function id(example: string): Kind<string> {
  const asText = (raw: unknown): unknown => (Number.isSafeInteger(raw) ? String(raw) : raw);
  return { schema: z.preprocess(asText, z.string().regex(/^[\w-]+$/)), expected: `an id in quotes, such as "${example}"` };
}

/** A list of environment variables' names: a YAML list, or text with commas; empty text is an empty list. */
export function variables(): Kind<readonly string[]> {
  const name = z.string().regex(/^[A-Za-z_]\w*$/);
  return { schema: z.preprocess(listLike, z.array(name)), expected: "names of environment variables separated by commas" };
}

/** A list of hosts, `*.example.com` for all below one: a YAML list, or text with commas; empty text is an empty list. */
export function hosts(): Kind<readonly string[]> {
  const name = z
    .string()
    .max(253)
    .regex(/^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i);
  return {
    schema: z.preprocess(listLike, z.array(name)),
    expected: "hosts separated by commas, such as pypi.org, *.example.com",
  };
}

function listLike(raw: unknown): unknown {
  if (typeof raw !== "string") return raw;
  return raw
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

function numeric(raw: unknown): unknown {
  return typeof raw === "string" && /^[-+]?(?:\d+(?:\.\d+)?|0x[\da-f]+)$/i.test(raw.trim()) ? Number(raw) : raw;
}

function booleanLike(raw: unknown): unknown {
  const word = String(raw).trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return true;
  if (["false", "no", "off", "0"].includes(word)) return false;
  return raw;
}
