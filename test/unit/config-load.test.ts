import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findingLine } from "../../src/config/findings.ts";
import { homeDirectory } from "../../src/config/home.ts";
import { loadConfig } from "../../src/config/load.ts";

async function homeWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-config-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  return home;
}

test("a home that doesn't exist gives the defaults and no findings", async () => {
  const { config, findings } = await loadConfig({ env: { HERMES_HOME: "/nonexistent/home" } });
  assert.deepEqual(findings, []);
  assert.equal(config.home, "/nonexistent/home");
  assert.equal(config.terminal.backend, "auto");
  assert.equal(config.access.open, false);
  assert.equal(config.http.port, 8420);
  assert.equal(config.model.probe.length, 4);
});

test("a home that a link leads into /proc is refused, also from further up: Node would try without end", async (t) => {
  const link = join(await homeWith(t, {}), "link");
  await symlink("/proc", link);
  for (const [home, leads] of [
    [link, "/proc"],
    [join(link, "deep", "home"), "/proc/deep/home"],
  ] as const)
    assert.throws(() => homeDirectory({ HERMES_HOME: home }), {
      message: `${home} can't be a home: nothing can be kept in /proc, where it leads (${leads}).`,
    });
});

test("environment beats .env beats config.yaml beats the default", async (t) => {
  const home = await homeWith(t, {
    ".env": "OPENAI_BASE_URL=http://from-env-file/v1\nHERMES_HTTP_PORT=9001\n",
    "config.yaml": "model:\n  base_url: http://from-yaml/v1\n  api_key: from-yaml\nhttp:\n  port: 9000\n",
  });
  const loaded = await loadConfig({ home, env: { OPENAI_BASE_URL: "http://from-environment/v1", OPENAI_API_KEY: "" } });
  assert.deepEqual(loaded.findings, []);
  assert.equal(loaded.config.model.baseUrl, "http://from-environment/v1");
  assert.equal(loaded.config.http.port, 9001);
  assert.equal(loaded.config.model.apiKey, "from-yaml");
  assert.equal(loaded.origins["model.base_url"], "environment");
  assert.equal(loaded.origins["http.port"], ".env");
  assert.equal(loaded.origins["model.api_key"], "config.yaml");
  assert.equal(loaded.origins["agent.max_turns"], "default");
});

test("the first seed's files are read as they are", async (t) => {
  const home = await homeWith(t, {
    ".env": "OPENAI_BASE_URL=http://localhost:8000/v1\nOPENAI_API_KEY=dummy  # no real key needed\n",
    "config.yaml": `# config.yaml
model: NousResearch/Hermes-3-Llama-3.1-8B
terminal:
  backend: docker  # sandbox
  docker_image: python:3.11-slim
  container_cpu: 2
  container_memory: 4096  # MB
  timeout: 300
memory:
  enabled: true
  memory_char_limit: 2200
agent:
  reasoning_effort: high
  max_iterations: 50
compression:
  enabled: true
  threshold: 0.85
`,
  });
  const { config, findings } = await loadConfig({ home, env: {} });
  assert.equal(config.model.default, "NousResearch/Hermes-3-Llama-3.1-8B");
  assert.equal(config.model.apiKey, "dummy");
  assert.equal(config.terminal.backend, "docker");
  assert.equal(config.terminal.containerCpu, 2);
  assert.equal(config.terminal.containerMemory, 4096);
  assert.equal(config.terminal.timeout, 300);
  assert.equal(config.memory.memoryEnabled, true);
  assert.equal(config.agent.maxTurns, 50);
  assert.deepEqual(
    [config.agent.reasoningEffort, config.compression.enabled, config.compression.threshold],
    ["high", true, 0.85],
  );
  assert.deepEqual(findings, []);
});

interface Case {
  readonly name: string;
  readonly yaml?: string;
  readonly dotenv?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly severity: "error" | "warning";
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  {
    name: "a misspelt key",
    yaml: "terminal:\n  tiemout: 5\n",
    severity: "warning",
    says: /terminal\.tiemout in config\.yaml line 2 .*Did you mean terminal\.timeout\?/,
  },
  { name: "a misspelt section", yaml: "terminl:\n  timeout: 5\n", severity: "warning", says: /Did you mean terminal\.timeout\?/ },
  { name: "a key of another program", yaml: "zzz: 1\n", severity: "warning", says: /zzz in config\.yaml line 1 is no key/ },
  {
    name: "a wrong type",
    yaml: "\nterminal:\n  timeout: soon\n",
    severity: "error",
    says: /line 3 is "soon"; its default is used: 180\. Expected a whole number of seconds/,
  },
  {
    name: "out of range",
    yaml: "http: {port: 70000}\n",
    severity: "error",
    says: /http\.port .* 70000; its default is used: 8420/,
  },
  {
    name: "a backend of another version",
    yaml: "terminal: {backend: modal}\n",
    severity: "error",
    says: /"modal"; its default is used: auto\. Expected one of auto, docker, local, ssh, virtual/,
  },
  {
    name: "a slip in a word",
    yaml: "terminal: {backend: lokal}\n",
    severity: "error",
    says: /"lokal"; its default is used: auto\. Expected one of .*\. Did you mean local\?/,
  },
  { name: "a list for a word", yaml: "terminal:\n  backend: [docker]\n", severity: "error", says: /is a list; its default/ },
  {
    name: "a value for a section",
    yaml: "terminal: docker\n",
    severity: "error",
    says: /terminal in config\.yaml line 1 should be a section.*backend, cwd/,
  },
  { name: "a list as the file", yaml: "- a\n", severity: "error", says: /line 1 is not valid YAML: expected a mapping/ },
  {
    name: "broken YAML",
    yaml: "model:\n  default: x\n   base_url: y\n",
    severity: "error",
    says: /config\.yaml line \d is not valid YAML: .*every key has its default/,
  },
  { name: "a key twice", yaml: "model: a\nmodel: b\n", severity: "error", says: /line 2 is not valid YAML/ },
  { name: "aliases without end", yaml: bomb(), severity: "error", says: /is not valid YAML: .*alias/i },
  {
    name: "an address without a scheme",
    env: { OPENAI_BASE_URL: "192.168.5.84:8000/v1" },
    severity: "error",
    says: /OPENAI_BASE_URL in the environment .* Did you mean http:\/\/192\.168\.5\.84:8000\/v1\?/,
  },
  {
    name: "an address without /v1",
    env: { OPENAI_BASE_URL: "http://127.0.0.1:8000/" },
    severity: "warning",
    says: /no \/v1 at its end\. Set it to http:\/\/127\.0\.0\.1:8000\/v1\./,
  },
  {
    name: "an endpoint for an address",
    yaml: "model: {base_url: 'http://h:1/v1/chat/completions'}\n",
    severity: "warning",
    says: /Set it to http:\/\/h:1\/v1\./,
  },
  {
    name: "a missing variable",
    yaml: "model:\n  api_key: ${NOWHERE}\n",
    severity: "error",
    says: /uses \$\{NOWHERE\}, which is not set/,
  },
  {
    name: "an environment-only key in the file",
    yaml: "redis_url: redis://x\n",
    severity: "warning",
    says: /has no effect there\. Set REDIS_URL/,
  },
  {
    name: "the database's address with a wrong scheme",
    env: { DATABASE_URL: "mysql://u:hunter2@h/d" },
    severity: "error",
    says: /DATABASE_URL .*not shown.*postgres:\/\//,
  },
  { name: "open access", env: { GATEWAY_ALLOW_ALL_USERS: "true" }, severity: "warning", says: /anyone who finds the bot/ },
  {
    name: "open access, misspelt value",
    env: { GATEWAY_ALLOW_ALL_USERS: "yess" },
    severity: "error",
    says: /its default is used: false/,
  },
  {
    name: "a misspelt variable",
    env: { TELEGRAM_BOT_TOKE: "1:x" },
    severity: "warning",
    says: /Did you mean TELEGRAM_BOT_TOKEN\?/,
  },
  {
    name: "a variable nobody reads in .env",
    dotenv: "SOMETHING_ELSE=1\n",
    severity: "warning",
    says: /SOMETHING_ELSE in \.env is no variable/,
  },
  {
    name: "the original's list of people in .env",
    dotenv: "TELEGRAM_ALLOWED_USERS=1\n",
    severity: "warning",
    says: /TELEGRAM_ALLOWED_USERS in \.env is a variable of the original .*pairing/,
  },
  {
    name: "a variable of the original that is a key here",
    dotenv: "TERMINAL_ENV=docker\n",
    severity: "warning",
    says: /here it is terminal\.backend in config\.yaml\. `hermes config migrate`/,
  },
  {
    name: "a key of the original that is another here",
    yaml: "compression:\n  summary_model: x\n",
    severity: "warning",
    says: /here it is auxiliary\.compression\.model.*`hermes config migrate`/,
  },
  { name: "a home in .env", dotenv: "HERMES_HOME=/x\n", severity: "warning", says: /HERMES_HOME in \.env has no effect/ },
  {
    name: "a line of .env that sets nothing",
    dotenv: "# fine\nexport A_B\n",
    severity: "warning",
    says: /\.env line 2 is not NAME=value/,
  },
  {
    name: "two spellings of a key",
    yaml: "memory:\n  enabled: false\n  memory_enabled: true\n",
    severity: "warning",
    says: /memory\.enabled in config\.yaml line 2 is another spelling of memory\.memory_enabled/,
  },
];

for (const { name, yaml, dotenv, env, severity, says } of cases) {
  test(`one finding for ${name}`, async (t) => {
    const files = { ...(yaml === undefined ? {} : { "config.yaml": yaml }), ...(dotenv === undefined ? {} : { ".env": dotenv }) };
    const { findings } = await loadConfig({ home: await homeWith(t, files), env: env ?? {} });
    assert.deepEqual(
      findings.map((finding) => finding.severity),
      [severity],
      findings.map(findingLine).join("\n"),
    );
    const line = findings.map(findingLine).join();
    assert.match(line, says);
    assert.doesNotMatch(line, /\n|hunter2/);
  });
}

test("an unreadable file is a finding, not a crash", async (t) => {
  const home = await homeWith(t, {});
  const { findings } = await loadConfig({ home: join(home, "config.yaml", ".."), env: {} });
  assert.deepEqual(findings, []);
  await writeFile(join(home, "file"), "");
  const beneathFile = await loadConfig({ home: join(home, "file"), env: {} });
  assert.deepEqual(
    beneathFile.findings.map((finding) => finding.severity),
    ["error", "error"],
  );
});

test("secrets are in no finding", async (t) => {
  const secret = "123456789:AAF0secret-secret-secret-secret-sec";
  const home = await homeWith(t, {
    "config.yaml": `telegram:\n  bot_token:\n    - ${secret}\nmodel:\n  default: {a: ${secret}}\n  base_url: "${secret}"\nterminal:\n  backend: "${secret}"\n`,
  });
  const { findings } = await loadConfig({ home, env: { REDIS_URL: "http://u:hunter2@h", DOCKER_HOST: "ftp://u:hunter2@h" } });
  assert.equal(findings.length, 6);
  assert.doesNotMatch(JSON.stringify(findings), /secret-secret|hunter2/);
});

test("an empty HERMES_MODEL_PROBE means no address; values of variables may be used in config.yaml", async (t) => {
  const home = await homeWith(t, {
    ".env": "MY_KEY=abc\n",
    "config.yaml": "model: {api_key: 'k-${MY_KEY}', default: 007}\ntelegram: {rich_messages: off}\nlogging: {level: INFO}",
  });
  const { config, findings } = await loadConfig({ home, env: { HERMES_MODEL_PROBE: "" } });
  assert.deepEqual(findings, []);
  assert.deepEqual(config.model.probe, []);
  assert.equal(config.model.apiKey, "k-abc");
  assert.equal(config.model.default, "007");
  assert.equal(config.logging.level, "info");
});

function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(",")}]`,
  );
  return `x:\n  l0: &l0 [a]\n${levels.map((line) => `  ${line}`).join("\n")}\n`;
}
