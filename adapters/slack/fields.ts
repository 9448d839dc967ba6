/** Reading of JSON that somebody else wrote. */
export type Fields = Readonly<Record<string, unknown>>;

/** Any value as an object; what is none has no fields. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}; // checked on this line
}

export function items(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

/** A text that says something, or null. */
export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
