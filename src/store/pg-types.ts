import { types } from "pg";

/**
 * How columns become values, alike over `pg` and PGlite: `pg`'s defaults, but int8 (ids, `count(*)`, `sum(int)`) is a number where a
 * number holds it exactly, and its text beyond that.
 */
export const columnTypes: { getTypeParser: typeof types.getTypeParser } = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === types.builtins.INT8 && format !== "binary"
      ? int8
      : types.getTypeParser(oid, format ?? "text")) as typeof types.getTypeParser,
};

function int8(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}
