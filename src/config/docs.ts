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
  "`hermes config set KEY VALUE` writes to the right file and keeps your comments; `hermes config check` names every unknown or",
  "misspelt key and every value that can't be used; `hermes config show` prints what is in force and where it comes from.",
  "A change counts after a restart.",
  "",
];

const exampleHead = [
  "# Variables that Hermes Team reads. Made from src/config/keys.ts by `hermes config docs --write`; change it there.",
  "#",
  "# For `npm start` and `hermes`: copy what you need to ~/.hermes/.env. For `docker compose`: copy this file to .env beside",
  "# docker-compose.yml. Everything is optional.",
];

function groups(): string[] {
  return [...new Set(keyPaths.map((path) => (path.includes(".") ? (path.split(".")[0] ?? "") : "")))];
}

function section(group: string): string[] {
  const paths = keyPaths.filter((path) => (group === "" ? !path.includes(".") : path.startsWith(`${group}.`)));
  const title = group === "" ? "## Environment only" : `## \`${group}\``;
  const head = group === "" ? "| variable | default | meaning |\n|---|---|---|" : "| key | default | meaning |\n|---|---|---|";
  return [title, "", head, ...paths.map(tableRow), ""];
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
    ...(key.secret === true ? ["Secret: kept in `.env`, never shown."] : []),
  ];
}

function fallbackText(key: Key): string {
  if (key.fallback === null) return "–";
  return `\`${valueText(key.fallback)}\``;
}

function exampleLines(key: Key): string[] {
  if (key.env === undefined) return [];
  const value = key.fallback === null ? "" : valueText(key.fallback);
  return ["", `# ${key.doc} Takes ${key.kind.expected}.`, `# ${key.env}=${value}`];
}
