import { z } from "zod";
import { isToolsetName } from "../core/toolsets.ts";
import type { Fault, Kind } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { row } from "./row.ts";
import { entriesOf, toolsetFaults, toolsetsVariable } from "./toolset-names.ts";

/** The toolsets of one platform, kind of chat or role. */
export interface ToolsetEntry {
  readonly name: string;
  readonly toolsets: readonly string[];
}

const kindsOfChats = ["private", "shared"];
const rolesWithTools = ["owner", "admin", "member"];
/** The original's platforms and ours; of others nothing is known, so they are told of. */
const platforms =
  "telegram web terminal discord slack whatsapp signal matrix email cli cron webhook api_server homeassistant".split(" ");

/** The rows of which tools are on for whom. */
export const toolKeys = {
  toolsets: row(
    toolsetList(),
    ["all"],
    "Which sets of tools there are at all; docs/tools.md lists them. `--toolsets` says the same for one start.",
    { env: toolsetsVariable, effect: "message" },
  ),
  platform_toolsets: row(toolsetMap("platform", platforms), [], "Which of them are on where a platform is named.", {
    effect: "message",
  }),
  chat_toolsets: row(toolsetMap("kind of chat", kindsOfChats), [], "Which of them are on in `private` and in `shared` chats.", {
    effect: "message",
  }),
  role_toolsets: row(toolsetMap("role", rolesWithTools), [], "Which of them an `owner`, `admin` or `member` may use.", {
    effect: "message",
  }),
  "agent.disabled_toolsets": row(toolsetList(), [], "Sets of tools that are off, whatever else is said.", { effect: "message" }),
};

/** Names of sets: a list, or text with commas. */
function toolsetList(): Kind<readonly string[]> {
  return {
    schema: known(),
    expected: "names of sets of tools, such as terminal,file,web",
    faults: (raw) => toolsetFaults(entriesOf(raw)),
  };
}

function toolsetMap(what: string, usual: readonly string[]): Kind<readonly ToolsetEntry[]> {
  const expected = `a mapping of a ${what} to names of sets of tools, such as ${usual[0]}: [terminal, file]`;
  const schema = z
    .preprocess((raw) => (Array.isArray(raw) && raw.length === 0 ? {} : raw), z.record(z.string(), known()))
    .transform((map) => Object.entries(map).map(([name, toolsets]) => ({ name, toolsets })));
  return {
    schema,
    expected,
    faults: (raw) =>
      Object.entries(typeof raw === "object" && raw !== null ? raw : {}).flatMap(([name, value]: [string, unknown]) => [
        ...(usual.includes(name) ? [] : [stranger(name, what, usual)]),
        ...toolsetFaults(entriesOf(value), `.${name}`),
      ]),
    show: (entries) => entries.map((entry) => `${entry.name}: ${entry.toolsets.join(" ") || "none"}`).join("; "),
  };
}

function stranger(name: string, what: string, usual: readonly string[]): Fault {
  const meant = nearest(name, usual);
  const mend = meant === null ? `Known: ${usual.join(", ")}.` : `Did you mean ${meant}?`;
  return { severity: "warning", at: `.${name}`, message: ` is no ${what} that this version knows.`, mend };
}

/** Unknown names are left out: what is meant to narrow must not widen because of a slip. */
function known() {
  return z
    .preprocess(entriesOf, z.array(z.unknown()))
    .transform((all) => all.flatMap((entry) => (typeof entry === "string" && isToolsetName(entry.trim()) ? [entry.trim()] : [])));
}
