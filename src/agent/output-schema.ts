import { z } from "zod";

type Json = Readonly<Record<string, unknown>>;

/** What an answer came to under a form. */
export type Fitted = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** Reads answers under a form. Throws where the form can't be used. */
export function formOf(schema: Json): (answer: string) => Fitted {
  if (JSON.stringify(schema).length > mostChars) throw new Error(`output_schema is longer than ${mostChars} characters.`);
  const form = parsed(schema);
  return (answer) => {
    const json = jsonIn(answer);
    if (json === undefined) return { ok: false, problem: "It is no JSON." };
    const read = form.safeParse(json);
    return read.success ? { ok: true, value: json } : { ok: false, problem: told(read.error) };
  };
}

const mostChars = 4_000;
const deepest = 12;

function parsed(schema: Json): z.ZodType {
  try {
    // Boundary: what is no schema is refused by the reader itself.
    return z.fromJSONSchema(withoutPatterns(schema, 0) as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (error) {
    throw new Error(`output_schema can't be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A model's regular expression over a model's text could keep the process busy for good; references could go round in circles. */
function withoutPatterns(value: unknown, depth: number): unknown {
  if (depth > deepest) return {};
  if (Array.isArray(value)) return value.map((each) => withoutPatterns(each, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name, inner]) => !dropped.has(name) || typeof inner === "object");
  return Object.fromEntries(
    entries
      .filter(([name]) => name !== "patternProperties" && name !== "$ref")
      .map(([name, inner]) => [name, withoutPatterns(inner, depth + 1)]),
  );
}

/** A property may have such a name; then what it holds is a schema. */
const dropped = new Set(["pattern", "format"]);

/** The JSON of an answer, also within a fence; undefined where there is none. */
function jsonIn(answer: string): unknown {
  for (const text of [answer, fencedIn(answer)]) {
    if (text === undefined) continue;
    try {
      return JSON.parse(text);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** What stands in the first fence. Found in steps: one expression for all of it takes minutes where many lines are empty. */
function fencedIn(answer: string): string | undefined {
  const open = /```(?:json)?[^\S\n]*\n/.exec(answer);
  if (open === null) return undefined;
  const rest = answer.slice(open.index + open[0].length);
  const end = rest.search(/\n[^\S\n]*```/);
  return end < 0 ? undefined : rest.slice(0, end);
}

function told({ issues }: z.ZodError): string {
  return issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.length === 0 ? "the whole" : path.join(".")}: ${message}`)
    .join("; ");
}
