/** What Postgres takes in no text: U+0000. Halves of characters become U+FFFD on their way to it by themselves, save in JSON. */
const nul = "\0";
const replacement = "\ufffd";
/** An escape, which is two characters at least; caught where Postgres refuses what it stands for. Whole pairs are never written as escapes. */
const escapes = /\\(?:(u0000|ud[89a-f][0-9a-f]{2})|.)/g;

/** A value as the text of a jsonb parameter: JSON may hold U+0000 and halves of characters, jsonb refuses them. They become U+FFFD. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes("\\u")) return text;
  return text.replaceAll(escapes, (escape, refused: string | undefined) => (refused === undefined ? escape : replacement));
}

/** Parameters with texts that Postgres takes; the same ones where it takes them as they are. */
export function storable(values: unknown[]): unknown[] {
  return values.some(isRefused) ? values.map(mended) : values;
}

function isRefused(value: unknown): boolean {
  if (typeof value === "string") return value.includes(nul);
  return Array.isArray(value) && value.some(isRefused);
}

function mended(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(nul, replacement);
  return Array.isArray(value) ? value.map(mended) : value;
}
