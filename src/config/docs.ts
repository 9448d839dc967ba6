import { valueText } from "./findings.ts";
import { type Key, type KeyPath, keyOf, keyPaths } from "./keys.ts";

/** docs/configuration.md, made from the table of keys. */
export function renderDocs(): string {
  return `${[...docsHead, ...groups().flatMap(section)].join("\n")}\n`;
}

/** .env.example, made from the table of keys: every variable, commented out, with what it does. */
export function renderEnvExample(): string {
  return `${[...exampleHead, ...keyPaths.flatMap((path) => exampleLines(keyOf(path)))].join("\n")}\n`;
}

const docsHead = [
  "# Configuration",
  "",
  "<!-- Made from src/config/keys.ts by `hermes config docs --write`; change it there. -->",
  "",
  "Everything has a default that works. What is set where:",
  "",
  "1. the environment beats",
  "2. `.env` in the home (secrets; readable by its owner only), which beats",
  "3. `config.yaml` in the home, which beats",
  "4. the default.",
  "",
  "The home is `~/.hermes`, or what `HERMES_HOME` says. Text in `config.yaml` may use variables: `${NAME}`.",
  "",
  "| `hermes config` | |",
  "|---|---|",
  "| `show [SECTION]` | what is in force and where it comes from, secrets masked; `--changed` leaves the defaults out; `--json` |",
  "| `get KEY` | one key, or a section; `--reveal` prints a secret; `--json` |",
  "| `set KEY VALUE` | writes to the right file, keeps your comments, says when it counts; without the value, it is asked for, a secret unseen |",
  "| `unset KEY` | goes back to the default |",
  "| `edit` | opens `config.yaml` in `$VISUAL` or `$EDITOR`; what is broken never comes into force, and you are led back to it |",
  "| `check` | names every unknown or misspelt key and every value that can't be used; status 1 on errors; `--json` |",
  "| `migrate` | writes an older home's or the original's keys as this version does, moves secrets to `.env`; shows it first (`--dry-run`), keeps copies |",
  "| `path` | where the files are |",
  "",
  "What a change of a key waits for stands with the key; where nothing does, it counts after a restart. A running service sees changes by",
  "itself; a file that has become unusable leaves what was in force. Inside lists and mappings a place is named:",
  "`hermes config set mcp_servers.files.enabled false`, `hermes config unset providers.deepseek`. Two changes at once lose nothing, and a full",
  "disk leaves the old file whole.",
  "",
];

const exampleHead = [
  "# Variables that Hermes Team reads. Made from src/config/keys.ts by `hermes config docs --write`; change it there.",
  "#",
  "# For `npm start` and `hermes`: copy what you need to ~/.hermes/.env. For `docker compose`: copy this file to .env beside",
  "# docker-compose.yml. Everything is optional.",
];

const counts = {
  message: "Counts from the next message on.",
  compression: "Counts the next time a conversation is shortened.",
  conversation: "Counts at its next use, and brings or takes the tool in the next conversation.",
  use: "Counts at its next use.",
} as const;

const providerFields = [
  "Fields of an entry: `name` (without one: `host:port`), `base_url` (or `base_urls` for several servers of one model), `api_key` or `key_env` (a",
  "variable's name), `api_mode`, `model` (the default one), `context_length`, `concurrency`, and `models` with a `context_length` by model.",
  "`anthropic`, `deepseek` and `openrouter` need no entry: their address is known, and their key is `ANTHROPIC_API_KEY`, `DEEPSEEK_API_KEY`,",
  "`OPENROUTER_API_KEY`.",
  "",
];

const examples: Readonly<Record<string, readonly string[]>> = {
  custom_providers: [
    ...providerFields,
    "```yaml",
    "model:",
    "  provider: 192.168.5.84:8000",
    "  default: Qwen3.6-27B",
    "custom_providers:",
    "  - name: 192.168.5.84:8000",
    "    base_url: http://192.168.5.84:8000/v1",
    "    api_mode: auto",
    "    model: Qwen3.6-27B",
    "    models:",
    "      Qwen3.6-27B:",
    "        context_length: 65536",
    "```",
    "",
  ],
  providers: [
    "```yaml",
    "providers:",
    "  deepseek:",
    "    base_url: https://api.deepseek.com/v1",
    "    key_env: DEEPSEEK_API_KEY",
    "    model: deepseek-chat",
    "```",
    "",
    "`hermes config set providers.deepseek.base_url https://api.deepseek.com/v1` writes the same; `hermes config set providers.deepseek.api_key`",
    "asks for the key, puts it in `.env` and its variable's name in the entry.",
    "",
  ],
  fallback_providers: [
    "```yaml",
    "fallback_providers:",
    "  - provider: deepseek",
    "    model: deepseek-chat",
    "  - base_url: http://10.0.0.7:8000/v1",
    "    model: qwen3",
    "```",
    "",
  ],
  auxiliary: ["```yaml", "auxiliary:", "  compression:", "    provider: deepseek", "    model: deepseek-chat", "```", ""],
};

function groups(): string[] {
  return [...new Set(keyPaths.map(groupOf))];
}

function groupOf(path: KeyPath): string {
  return keyOf(path).environmentOnly === true ? "" : path.replace(/\..*/, "");
}

function section(group: string): string[] {
  const paths = keyPaths.filter((path) => groupOf(path) === group);
  const title = group === "" ? "## Environment only" : `## \`${group}\``;
  const head = group === "" ? "| variable | default | meaning |\n|---|---|---|" : "| key | default | meaning |\n|---|---|---|";
  return [title, "", head, ...paths.map(tableRow), "", ...(examples[group] ?? [])];
}

function tableRow(path: KeyPath): string {
  const key = keyOf(path);
  const name = key.environmentOnly ? `\`${key.env}\`` : `\`${path}\``;
  return `| ${name} | ${fallbackText(key)} | ${[key.doc, `Takes ${key.kind.expected}.`, ...remarks(key)].join(" ")} |`;
}

function remarks(key: Key): string[] {
  return [
    ...(key.environmentOnly || key.env === undefined ? [] : [`Environment: \`${key.env}\`.`]),
    ...(key.aliases === undefined ? [] : [`Also read as ${key.aliases.map((alias) => `\`${alias}\``).join(", ")}.`]),
    ...(key.effect === undefined || key.effect === "restart" ? [] : [counts[key.effect]]),
    ...(key.chat === true ? ["May be changed in chat."] : []),
    ...(key.secret === true ? ["Secret: kept in `.env`, never shown."] : []),
  ];
}

function fallbackText(key: Key): string {
  if (key.fallback === null || valueText(key.fallback) === "") return "–";
  return `\`${valueText(key.fallback)}\``;
}

function exampleLines(key: Key): string[] {
  if (key.env === undefined) return [];
  const value = key.fallback === null ? "" : valueText(key.fallback);
  return ["", `# ${key.doc} Takes ${key.kind.expected}.`, `# ${key.env}=${value}`];
}
