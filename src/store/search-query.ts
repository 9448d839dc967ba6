import { type RawBuilder, sql } from "kysely";

/** Writing without spaces, or with endings joined on: Chinese, Japanese kana, Korean. As in the migration that indexes it by pairs of signs. */
const dense = "[\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\u{20000}-\\u{3ffff}]";
const denseRun = new RegExp(`${dense}+`, "gu");

/** More words than these are no search. */
const mostWords = 40;

/**
 * What was typed, as a query of the index: words, "phrases", `or`, -not. Of dense writing any part is found, by its pairs of signs. Null
 * where nothing is left to look for.
 */
export function searchQuery(typed: string): RawBuilder<unknown> | null {
  const words = [...typed.replaceAll("\0", " ").matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/gu)].slice(0, mostWords);
  const groups: RawBuilder<unknown>[][] = [[]];
  for (const [, minus = "", phrase, word = ""] of words) {
    if (phrase === undefined && minus === "" && word.toLowerCase() === "or") {
      groups.push([]);
      continue;
    }
    const parts = partsOf(phrase ?? word, phrase !== undefined);
    if (parts.length === 0) continue;
    const all = sql`(${sql.join(parts, sql` && `)})`;
    groups.at(-1)?.push(minus === "" ? all : sql`!!${all}`);
  }
  const wanted = groups.filter((group) => group.length > 0).map((group) => sql`(${sql.join(group, sql` && `)})`);
  return wanted.length === 0 ? null : sql`(${sql.join(wanted, sql` || `)})`;
}

/** The dense runs of a word or phrase, and what stands between them. */
function partsOf(text: string, phrase: boolean): readonly RawBuilder<unknown>[] {
  const runs = text.match(denseRun) ?? [];
  const others = text.split(denseRun).filter((part) => /[\p{L}\p{N}]/u.test(part));
  return [
    ...runs.map((run) => sql`to_tsquery('simple', ${pairsOf(run)})`),
    ...others.map((part) => (phrase ? sql`phraseto_tsquery('simple', ${part})` : sql`plainto_tsquery('simple', ${part})`)),
  ];
}

/** Only signs of dense writing stand in it: nothing needs escaping. */
function pairsOf(run: string): string {
  const signs = [...run];
  const [only] = signs;
  if (signs.length === 1) return `'${only}':*`;
  return [...new Set(signs.slice(1).map((sign, index) => `'${signs[index]}${sign}'`))].join(" & ");
}
