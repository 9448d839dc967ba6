import { progressModes } from "../core/chat-settings.ts";
import { efforts } from "../core/model.ts";
import { apiMode } from "./api-modes.ts";
import { approvalKeys } from "./approval-keys.ts";
import { auxiliaryKeys } from "./auxiliary-keys.ts";
import { delegationKeys } from "./delegation-keys.ts";
import { cronKeys } from "./cron-keys.ts";
import { discordKeys } from "./discord-keys.ts";
import { footerKeys } from "./footer-keys.ts";
import { insightsKeys } from "./insights-keys.ts";
import { address, addresses, amount, oneOf, text, toggle, whole } from "./kinds.ts";
import { mcpKeys } from "./mcp-keys.ts";
import { memoryKeys } from "./memory-keys.ts";
import { fallbackList, providerList, providerMap } from "./providers.ts";
import { type Key, row } from "./row.ts";
import { slackKeys } from "./slack-keys.ts";
import { skillKeys } from "./skill-keys.ts";
import { sttKeys } from "./stt-keys.ts";
import { telegramKeys } from "./telegram-keys.ts";
import { terminalKeys } from "./terminal-keys.ts";
import { toolKeys } from "./tool-keys.ts";
import { webKeys } from "./web-keys.ts";

export type { Key } from "./row.ts";

/** Where model servers listen unless told otherwise: vLLM, llama-server, Ollama, LM Studio. */
const modelServers = [8000, 8080, 11434, 1234].map((port) => `http://127.0.0.1:${port}/v1`);
const web = ["http", "https"];

/** Every key this version reads. Types, defaults, findings, `hermes config` and docs/configuration.md all come from here. */
export const keys = {
  home: row(text("a directory"), "~/.hermes", "Where configuration, logs and embedded state live.", {
    env: "HERMES_HOME",
    environmentOnly: true,
    early: true,
  }),
  debug: row(toggle(), false, "Shows stack traces of errors at the command line.", {
    env: "HERMES_DEBUG",
    environmentOnly: true,
    early: true,
  }),
  redis_url: row(
    address(["redis", "rediss"], "redis://127.0.0.1:6379"),
    null,
    "Redis for the queue and live events; without it they are embedded.",
    {
      env: "REDIS_URL",
      environmentOnly: true,
      secret: true,
    },
  ),
  state_url: row(
    address(["postgres", "postgresql"], "postgres://hermes@127.0.0.1/hermes"),
    null,
    "Postgres for the record; without it the record is embedded, under `data/` in the home.",
    { env: "DATABASE_URL", environmentOnly: true, secret: true },
  ),

  "model.default": row(
    text("a model's name"),
    null,
    "The model to ask for; without it, the first that the server lists. `model: NAME` says the same.",
    {
      aliases: ["model.model", "model.name"],
      effect: "message",
      chat: true,
    },
  ),
  "model.provider": row(
    text("a provider's name, or auto"),
    "auto",
    "The named server of `custom_providers` or `providers` that answers; `auto`, `main` and `custom` mean `model.base_url`.",
    { effect: "message", chat: true },
  ),
  "model.base_url": row(address(web, "http://127.0.0.1:8000/v1"), null, "The model server's address, with `/v1`.", {
    env: "OPENAI_BASE_URL",
    effect: "message",
  }),
  "model.base_urls": row(
    addresses("http://10.0.0.1:8000/v1,http://10.0.0.2:8000/v1"),
    null,
    "Several servers of the same model; a session stays with the one that holds its cache.",
    { effect: "message" },
  ),
  "model.api_key": row(text("a key"), null, "The model server's key; most local servers need none.", {
    env: "OPENAI_API_KEY",
    secret: true,
    effect: "message",
  }),
  "model.max_tokens": row(
    whole(1, 1_000_000, "tokens"),
    null,
    "Longest answer of one model call, thinking not counted; without it, the server decides.",
    { effect: "message", chat: true },
  ),
  "model.stall_timeout_seconds": row(
    whole(1, 86_400, "seconds"),
    300,
    "Silence in the middle of an answer after which the call has failed.",
    { effect: "message" },
  ),
  "model.prefill_timeout_seconds": row(
    whole(1, 86_400, "seconds"),
    1_800,
    "How long the model may read before its first token.",
    { effect: "message" },
  ),
  "model.probe": row(
    addresses("http://127.0.0.1:8000/v1"),
    modelServers,
    "Addresses tried in turn when no base_url is set; empty for none.",
    {
      env: "HERMES_MODEL_PROBE",
      emptyCounts: true,
    },
  ),

  "model.api_mode": row(
    apiMode,
    "auto",
    "The API the server is spoken to in; `auto` finds out. The original's `codex_responses` and `auto-detect` are read too.",
    { effect: "message" },
  ),
  "model.context_length": row(
    whole(1_024, 10_000_000, "tokens"),
    null,
    "The model's window; without it, the server is asked. Never more than the server gives.",
    { effect: "message", chat: true },
  ),
  "model.concurrency": row(
    whole(1, 1_024, "requests"),
    null,
    "Requests one server works on at once; without it, as many as it has slots.",
    { effect: "message" },
  ),
  "model.slot_pinning": row(
    oneOf(["auto", "on", "off"]),
    "auto",
    "Whether a session keeps its slot of llama-server; `auto` tries once whether that saves reading.",
    { effect: "message" },
  ),

  custom_providers: row(providerList(), [], "Model servers under a name; `hermes model` adds them.", { effect: "message" }),
  providers: row(providerMap(), [], "The same as a mapping: the name, then its fields.", { effect: "message" }),
  fallback_providers: row(
    fallbackList(),
    [],
    "What to try, in order, when the main model fails: entries of `provider`, `model`, and `base_url` and `key_env` for a server without a name.",
    { effect: "message" },
  ),

  ...auxiliaryKeys,
  "auxiliary.title_generation.enabled": row(
    toggle(),
    true,
    "Whether a model gives conversations their titles; otherwise they are the first words of the request.",
    { env: "HERMES_TITLE_GENERATION", effect: "use", chat: true },
  ),

  "compression.enabled": row(
    toggle(),
    true,
    "Whether a long conversation is shortened by a summary before it outgrows the window.",
    { effect: "compression", chat: true },
  ),
  "compression.threshold": row(amount(0.1, 0.95, ""), 0.8, "The share of the window from which it is shortened.", {
    effect: "compression",
    chat: true,
  }),
  "compression.target_ratio": row(
    amount(0.05, 0.8, ""),
    0.2,
    "The share of the threshold that the newest messages may keep word for word.",
    { effect: "compression", chat: true },
  ),
  "compression.protect_first_n": row(
    whole(0, 100, "messages"),
    3,
    "The first messages are kept as they are, as far as they fit.",
    { effect: "compression", chat: true },
  ),
  "compression.protect_last_n": row(
    whole(0, 1_000, "messages"),
    20,
    "The newest messages are kept as they are, as far as they fit.",
    { effect: "compression", chat: true },
  ),
  "compression.hygiene_hard_message_limit": row(
    whole(10, 100_000, "messages"),
    400,
    "A conversation of this many messages is shortened before the next request, however short they are.",
    { effect: "compression", chat: true },
  ),

  ...terminalKeys,

  ...approvalKeys,

  ...toolKeys,

  ...delegationKeys,

  ...skillKeys,
  ...webKeys,
  ...sttKeys,
  ...mcpKeys,

  ...memoryKeys,

  ...insightsKeys,

  "agent.max_turns": row(whole(1, 10_000, "steps"), 50, "Model calls one request may take, those of its subagents included.", {
    aliases: ["agent.max_iterations"],
    effect: "message",
    chat: true,
  }),
  "agent.reasoning_effort": row(
    oneOf(efforts),
    "medium",
    "How much the model may think before it answers, where the server and the model's template can tell.",
    { effect: "message", chat: true },
  ),
  "agent.drain_timeout": row(
    whole(0, 86_400, "seconds"),
    30,
    "How long a stopping worker waits for running turns before others take them over.",
  ),
  "agent.worker_concurrency": row(whole(1, 10_000, "turns"), 64, "Turns one worker runs at the same time."),

  "display.busy_input_mode": row(
    oneOf(["steer", "queue", "interrupt"]),
    "steer",
    "A message during a turn: `steer` it at its next step, wait in the `queue`, or `interrupt` it.",
    { chat: true },
  ),
  ...footerKeys,

  "display.tool_progress": row(
    oneOf(progressModes),
    "all",
    "What a running turn shows of its tools: nothing (`off`), each tool when it begins to be used (`new`), every call (`all`); `/verbose` switches it for one chat.",
    { effect: "use", chat: true },
  ),
  "display.language": row(
    oneOf(["en", "zh"]),
    "en",
    "The language in which the bot itself speaks to whoever has picked none (`/language`) and whose client tells none.",
  ),

  "access.open": row(toggle(), false, "Lets anyone who finds the bot use it. Leave this off.", {
    env: "GATEWAY_ALLOW_ALL_USERS",
  }),
  "access.pairing": row(toggle(), true, "Gives unknown people a pairing code that an owner can approve."),

  ...cronKeys,

  ...telegramKeys,
  ...discordKeys,
  ...slackKeys,

  "http.host": row(
    text("an address"),
    "127.0.0.1",
    "Where the local page listens. Anything but loopback lets others reach it; only its token keeps them out.",
    {
      env: "HERMES_HTTP_HOST",
    },
  ),
  "http.port": row(
    whole(0, 65_535, ""),
    8_420,
    "The local page, `/health`, `/ready` and `/metrics`, on loopback only; 0 for any free port.",
    { env: "HERMES_HTTP_PORT" },
  ),

  "logging.level": row(oneOf(["debug", "info", "warning", "error"]), "info", "What goes into the log."),
  "logging.max_size_mb": row(
    whole(1, 10_000, "megabytes"),
    10,
    "The size at which a log file is moved aside, as `hermes.log.1`.",
  ),
  "logging.backup_count": row(whole(0, 1_000, "files"), 5, "How many log files that were moved aside are kept."),
};

/** A key's canonical path. */
export type KeyPath = keyof typeof keys;
type Table = typeof keys;
type Value<P extends KeyPath> = Table[P] extends Key<infer T> ? T | Extract<Table[P]["fallback"], null> : never;
type Camel<Word extends string> = Word extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Word;
/** The next name of every path that begins with `Before`. */
type NameAfter<Before extends string> = KeyPath extends infer P
  ? P extends `${Before}${infer Rest}`
    ? Rest extends `${infer Name}.${string}`
      ? Name
      : Rest
    : never
  : never;
type Tree<Before extends string> = {
  readonly [Name in NameAfter<Before> as Camel<Name>]: `${Before}${Name}` extends KeyPath
    ? Value<`${Before}${Name}`>
    : Tree<`${Before}${Name}.`>;
};

/** The configuration in force: `terminal.container_cpu` is `config.terminal.containerCpu`. */
export type Config = Tree<"">;

/** All paths, in the table's order. */
export const keyPaths: readonly KeyPath[] = Object.keys(keys).filter(isKeyPath);

/** A row by its path, with its type widened. */
export function keyOf(path: KeyPath): Key {
  return keys[path];
}

/** The canonical path of a key by its path, another spelling of it, or its environment variable. */
export function findKey(name: string): KeyPath | null {
  if (isKeyPath(name)) return name;
  const match = keyPaths.find((path) => keyOf(path).env === name || keyOf(path).aliases?.includes(name));
  return match ?? (name === "model" ? "model.default" : null);
}

/** Every path that has keys under it, in any of their spellings: `model`, `auxiliary`, `auxiliary.compression`, `discord.extra`. */
export const sections: ReadonlySet<string> = new Set(
  keyPaths
    .flatMap((path) => [path, ...(keyOf(path).aliases ?? [])])
    .flatMap((path) => {
      const names = path.split(".").slice(0, -1);
      return names.map((_, index) => names.slice(0, index + 1).join("."));
    }),
);

function isKeyPath(name: string): name is KeyPath {
  return Object.hasOwn(keys, name);
}
