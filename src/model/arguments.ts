/** Whether this is the JSON text of a plain object. */
export function isObjectText(text: string): boolean {
  return isObject(parsed(text));
}

/**
 * A call's arguments as they came, with the three slips mended that need no guessing: nothing at all is `{}`, JSON in JSON is unwrapped,
 * and what follows a complete object is dropped. Anything else stays as it is, for the model to read its mistake.
 */
export function settleArguments(text: string): string {
  if (text.trim() === "") return "{}";
  const value = parsed(text);
  if (isObject(value)) return text;
  if (typeof value === "string" && isObjectText(value)) return value;
  const first = firstObject(text);
  return first !== null && isObjectText(first) ? first : text;
}

/** The first balanced `{…}` at the start of the text, or null. */
function firstObject(text: string): string | null {
  const start = text.length - text.trimStart().length;
  if (text[start] !== "{") return null;
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return text.slice(start, at + 1);
  }
  return null;
}

/** The value, or undefined when it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A plain object, not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
