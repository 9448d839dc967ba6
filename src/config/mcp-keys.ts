import { z } from "zod";
import { shown } from "./findings.ts";
import { type Fault, type Kind, address, text, toggle, whole } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { row } from "./row.ts";

/** One MCP server: a program in a sandbox of its own, or an address. */
export interface McpEntry {
  readonly name: string;
  readonly command: string | null;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly enabled: boolean;
  /** Whether a person must allow each call of a tool that does not say that it only reads. */
  readonly approval: boolean;
  /** Only these of its tools; null: all. */
  readonly include: readonly string[] | null;
  readonly exclude: readonly string[];
}

/** The rows of MCP servers. */
export const mcpKeys = {
  mcp_servers: row(serverMap(), [], "MCP servers, whose tools the agent gets.", { effect: "message" }),
};

const web = ["http", "https"];
const fields = {
  command: text("a program"),
  args: texts("a list of words"),
  env: textMap("a mapping of variables to values"),
  url: address(web, "https://mcp.example.com/mcp"),
  headers: textMap("a mapping of headers to values"),
  timeout: whole(1, 3_600, "seconds"),
  connect_timeout: whole(1, 600, "seconds"),
  enabled: toggle(),
  approval: toggle(),
  tools: mapping("a mapping with include or exclude"),
} as const satisfies Readonly<Record<string, Kind<unknown>>>;

const toolFields = {
  include: texts("a list of tools"),
  exclude: texts("a list of tools"),
} as const satisfies Readonly<Record<string, Kind<unknown>>>;

/** Fields of the original that this version does not use. */
const originals =
  "keepalive_interval lazy sampling auth oauth resources prompts transport supports_parallel_tool_calls roots".split(" ");

function serverMap(): Kind<readonly McpEntry[]> {
  const expected = "a mapping of names to servers, each with a command or a url";
  return {
    expected,
    schema: z.unknown().transform((raw, context): readonly McpEntry[] => {
      const servers = serversIn(raw);
      if (servers !== null) return servers.flatMap(([name, entry]) => readServer(name, entry).entry ?? []);
      context.addIssue({ code: "custom", message: expected });
      return z.NEVER;
    }),
    faults: (raw) => (serversIn(raw) ?? []).flatMap(([name, entry]) => readServer(name, entry).faults),
    show: (entries) =>
      entries.map((each) => `${each.name} ${each.url === null ? (each.command ?? "") : plain(each.url)}`).join("; "),
  };
}

/** An address without what may be a key in it. */
function plain(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function serversIn(raw: unknown): readonly [string, unknown][] | null {
  if (Array.isArray(raw) && raw.length === 0) return [];
  return isMapping(raw) ? Object.entries(raw) : null;
}

function readServer(name: string, raw: unknown): { readonly entry: McpEntry | null; readonly faults: readonly Fault[] } {
  const at = `.${name}`;
  if (!/^[A-Za-z0-9][\w.-]{0,39}$/.test(name))
    return {
      entry: null,
      faults: [wrong(at, "has a name that can't be used; it is not used", "Use up to 40 letters, digits, - and _.")],
    };
  if (!isMapping(raw))
    return { entry: null, faults: [wrong(at, `is ${shown(raw, true)}; it is not used`, "Expected a mapping of fields.")] };
  const { values, faults } = readFields(raw, at, fields);
  const chosen = readFields(isMapping(raw["tools"]) ? raw["tools"] : {}, `${at}.tools`, toolFields);
  const all = [...faults, ...chosen.faults];
  const { command = null, url = null } = values;
  if ((command === null) === (url === null))
    return {
      entry: null,
      faults: [...all, wrong(at, "needs either a command or a url; it is not used", "Give it one of them.")],
    };
  const entry = {
    name,
    command,
    url,
    args: values.args ?? [],
    env: values.env ?? {},
    headers: values.headers ?? {},
    timeout: values.timeout ?? 120,
    connectTimeout: values.connect_timeout ?? 60,
    enabled: values.enabled ?? true,
    approval: values.approval ?? false,
    include: chosen.values.include ?? null,
    exclude: chosen.values.exclude ?? [],
  };
  return { entry, faults: all };
}

type Table = Readonly<Record<string, Kind<unknown>>>;
type Values<T extends Table> = { -readonly [F in keyof T]?: T[F] extends Kind<infer V> ? V : never };

function readFields<T extends Table>(raw: Mapping, at: string, table: T): { values: Values<T>; faults: readonly Fault[] } {
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) faults.push(stranger(`${at}.${name}`, name, Object.keys(table)));
    else if (value !== null && value !== "") {
      const parsed = kind.schema.safeParse(value);
      if (parsed.success) values[name] = parsed.data;
      else
        faults.push(
          wrong(
            `${at}.${name}`,
            `is ${shown(value, name === "env" || name === "headers")}; it counts as not set`,
            `Expected ${kind.expected}.`,
          ),
        );
    }
  }
  // Each value was read by its own field's schema.
  return { values: values as Values<T>, faults };
}

function stranger(at: string, name: string, known: readonly string[]): Fault {
  const meant = nearest(name, known);
  if (meant === null && originals.includes(name))
    return {
      severity: "warning",
      at,
      message: " is a field of the original that this version does not use.",
      mend: "Nothing to do.",
    };
  const mend = meant === null ? `Fields: ${known.join(", ")}.` : `Did you mean ${meant}?`;
  return { severity: "warning", at, message: " is no field that this version knows, so it does nothing.", mend };
}

function wrong(at: string, message: string, mend: string): Fault {
  return { severity: "error", at, message: ` ${message}.`, mend };
}

function texts(expected: string): Kind<readonly string[]> {
  const asList = (raw: unknown): unknown => (Array.isArray(raw) ? raw.map(asText) : typeof raw === "string" ? [raw] : raw);
  return { schema: z.preprocess(asList, z.array(z.string())), expected };
}

/** Values without line breaks: they end up in a header or in an environment. What a missing variable left empty is left out. */
function textMap(expected: string): Kind<Readonly<Record<string, string>>> {
  const value = z.string().refine((each) => !/[\r\n\0]/.test(each));
  const given = (raw: unknown): unknown =>
    isMapping(raw)
      ? Object.fromEntries(Object.entries(raw).flatMap(([name, each]) => (each === null ? [] : [[name, asText(each)]])))
      : raw;
  return { schema: z.preprocess(given, z.record(z.string().regex(/^[\w-]+$/), value)), expected };
}

function mapping(expected: string): Kind<unknown> {
  return { schema: z.unknown().refine(isMapping), expected };
}

function asText(raw: unknown): unknown {
  return typeof raw === "number" || typeof raw === "boolean" ? String(raw) : raw;
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(raw: unknown): raw is Mapping {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}
