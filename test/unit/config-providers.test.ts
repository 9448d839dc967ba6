import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findingLine } from "../../src/config/findings.ts";
import { loadConfig } from "../../src/config/load.ts";
import { saveDefault } from "../../src/config/save-provider.ts";
import { setKey, unsetKey } from "../../src/config/set.ts";
import { showKey, shownKeys } from "../../src/config/show.ts";
import { auxiliaryTasks } from "../../src/core/model.ts";
import { Failure } from "../../src/core/failures.ts";
import { modelSettings } from "../../src/main/model-settings.ts";

async function home(t: TestContext, files: Readonly<Record<string, string>>) {
  const path = await mkdtemp(join(tmpdir(), "hermes-providers-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

async function load(t: TestContext, yaml: string, env: Readonly<Record<string, string>> = {}) {
  const loaded = await loadConfig({ env, home: await home(t, { "config.yaml": yaml }) });
  return { ...loaded, settings: modelSettings(loaded.config), lines: loaded.findings.map(findingLine) };
}

const full = `model:
  provider: lab
  default: big
custom_providers:
  - name: lab
    base_urls: [http://10.0.0.1:8000/v1, http://10.0.0.2:8000/v1]
    key_env: LAB_KEY
    api_mode: codex_responses
    model: small
    concurrency: 3
    models:
      big: {context_length: 65536}
      small:
  - base_url: http://10.0.0.3:8080/v1
    api_key: \${OTHER_KEY}
    api_mode: auto-detect
    context_length: 8192
providers:
  deepseek: {model: deepseek-chat}
fallback_providers:
  - {provider: deepseek, model: deepseek-reasoner}
  - {base_url: "http://10.0.0.9/v1", model: spare, key_env: LAB_KEY}
  - {provider: main}
auxiliary:
  compression: {provider: deepseek, model: deepseek-chat, timeout: 240, context_length: 32768}
  vision: {base_url: "http://10.0.0.4/v1", model: ''}
  session_search: {provider: main}
`;

test("named servers, fallbacks and side jobs' models become the models' settings", async (t) => {
  const { settings, lines } = await load(t, full, { LAB_KEY: "l", OTHER_KEY: "o", DEEPSEEK_API_KEY: "d" });
  assert.deepEqual(lines, []);
  assert.deepEqual(settings.main, {
    name: "lab",
    baseUrls: ["http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1"],
    apiKey: "l",
    keyPlace: "LAB_KEY (the key_env of lab)",
    apiMode: "responses",
    model: "big",
    contextLength: 65_536,
    contextLengths: {},
    concurrency: 3,
  });
  const rows = settings.providers.map(({ name, baseUrls, apiKey, apiMode, model }) => [
    name,
    baseUrls.join(),
    apiKey,
    apiMode,
    model,
  ]);
  assert.deepEqual(rows, [
    ["10.0.0.3:8080", "http://10.0.0.3:8080/v1", "o", "auto", null],
    ["deepseek", "https://api.deepseek.com/v1", "d", "auto", "deepseek-chat"],
    ["fallback 10.0.0.9", "http://10.0.0.9/v1", "l", "auto", "spare"],
  ]);
  assert.deepEqual(settings.fallbacks, [
    { provider: "deepseek", model: "deepseek-reasoner" },
    { provider: "fallback 10.0.0.9", model: "spare" },
    { provider: null, model: null },
  ]);
  const { compression, vision, session_search: search, title_generation: title, approval } = settings.auxiliary;
  const none = { apiKey: null, baseUrl: null, contextLength: null, model: null, provider: "auto" };
  assert.deepEqual(compression, {
    ...none,
    provider: "deepseek",
    model: "deepseek-chat",
    timeoutMs: 240_000,
    contextLength: 32_768,
  });
  assert.deepEqual(vision, { ...none, baseUrl: "http://10.0.0.4/v1", timeoutMs: 120_000 });
  assert.deepEqual(
    [search, title, approval].map((each) => [each.provider, each.timeoutMs]),
    [
      ["auto", 60_000],
      ["auto", 30_000],
      ["auto", 30_000],
    ],
  );
  assert.deepEqual(Object.keys(settings.auxiliary).toSorted(), [...auxiliaryTasks].toSorted());
});

test("several servers under model itself; without any, what is looked for keeps the model and the key", async (t) => {
  const several = await load(t, "model: {base_url: http://a/v1, base_urls: [http://a/v1, http://b/v1]}\n", {
    OPENAI_API_KEY: "k",
  });
  assert.deepEqual([several.settings.main?.name, several.settings.main?.baseUrls], ["main", ["http://a/v1", "http://b/v1"]]);
  assert.equal(several.settings.main?.keyPlace, "OPENAI_API_KEY (model.api_key)");
  const { settings } = await load(t, "model: {default: m, provider: ollama}\n", { OPENAI_API_KEY: "k" });
  assert.equal(settings.main, null);
  assert.deepEqual([settings.found.model, settings.found.apiKey, settings.found.baseUrls], ["m", "k", []]);
});

test("the original's way of naming its server is read: an unknown provider with an address, and custom:NAME", async (t) => {
  const old = await load(t, "model: {default: m, provider: custom, base_url: http://a/v1}\n");
  assert.deepEqual([old.settings.main?.baseUrls, old.lines], [["http://a/v1"], []]);
  const named = await load(
    t,
    "model: {provider: 'custom:Lab'}\ncustom_providers: [{name: lab, base_url: http://a/v1, model: m}]\n",
  );
  assert.deepEqual([named.settings.main?.name, named.settings.main?.model, named.lines], ["lab", "m", []]);
});

test("OPENAI_BASE_URL overrules the named provider, and that is told", async (t) => {
  const { settings, lines } = await load(t, full, {
    LAB_KEY: "l",
    OTHER_KEY: "o",
    DEEPSEEK_API_KEY: "d",
    OPENAI_BASE_URL: "http://env/v1",
  });
  assert.deepEqual([settings.main?.name, settings.main?.baseUrls, settings.main?.apiKey], ["main", ["http://env/v1"], null]);
  assert.deepEqual(settings.providers.map(({ name }) => name).slice(0, 1), ["lab"]);
  assert.match(lines.join("\n"), /model\.provider is lab, but OPENAI_BASE_URL in the environment overrules it/);
});

for (const [name, yaml, says] of [
  [
    "an unknown field",
    "custom_providers: [{name: a, base_url: http://a/v1, api_mdoe: auto}]",
    /\[0\]\.api_mdoe in config\.yaml line 1 is no field.*Did you mean api_mode\?/,
  ],
  [
    "a field of the original",
    "providers: {a: {base_url: http://a/v1, ssl_verify: false}}",
    /providers\.a\.ssl_verify .*original Hermes Agent/,
  ],
  [
    "a mode that is none",
    "custom_providers: [{name: a, base_url: http://a/v1, api_mode: smoke}]",
    /api_mode .* is "smoke"; it counts as not set\. Expected one of auto, chat_completions/,
  ],
  ["an address without scheme", "providers: {a: {base_url: 'a:80/v1'}}", /providers\.a\.base_url[^]*no base_url; it is not used/],
  [
    "a window that is too small",
    "custom_providers: [{name: a, base_url: http://a/v1, models: {m: {context_length: 5}}}]",
    /models\.m\.context_length .* is 5/,
  ],
  ["an entry that is no mapping", "custom_providers: [hunter2]", /custom_providers\[0\] .* it is not used/],
  [
    "a mapping for a list",
    "custom_providers: {a: {}}",
    /custom_providers .* is a mapping; it counts as not set\. Expected a list/,
  ],
  ["a list for a mapping", "providers: [1]", /providers .* is a list; it counts as not set/],
  [
    "a missing variable",
    "custom_providers: [{name: a, base_url: http://a/v1, api_key: '${NOPE}'}]",
    /custom_providers\[0\]\.api_key .* uses \$\{NOPE\}, which is not set; it counts as not set/,
  ],
  [
    "a key's variable that is not set",
    "custom_providers: [{name: a, base_url: http://a/v1, key_env: NOPE}]",
    /NOPE is the key of a provider .* not set\. `hermes config set NOPE`/,
  ],
  [
    "an unknown main provider",
    "model: {provider: labb}\nproviders: {lab: {base_url: http://a/v1}}",
    /model\.provider is labb, .* Did you mean lab\?/,
  ],
  [
    "an unknown side job's provider",
    "auxiliary: {vision: {provider: nowhere}}",
    /auxiliary\.vision\.provider is nowhere, .*hermes model/,
  ],
  ["a hosted service without its key", "auxiliary: {vision: {provider: deepseek}}", /hermes config set DEEPSEEK_API_KEY`/],
  ["an unknown fallback", "fallback_providers: [{provider: nowhere, model: m}]", /fallback_providers\[0\]\.provider is nowhere/],
  [
    "two of a name",
    "custom_providers: [{name: a, base_url: http://a/v1}, {name: a, base_url: http://b/v1}]",
    /Two providers are named a/,
  ],
  [
    "two addresses",
    "model: {provider: a, base_url: http://b/v1}\nproviders: {a: {base_url: http://a/v1}}",
    /model\.base_url is not used/,
  ],
  [
    "a misspelt side job",
    "auxiliary: {compresion: {model: x}}",
    /auxiliary\.compresion .* Did you mean auxiliary\.compression\?/,
  ],
  ["a misspelt key of a side job", "auxiliary: {compression: {modle: x}}", /Did you mean auxiliary\.compression\.model\?/],
  ["a misspelt key of a platform", "slack: {allowed_chanels: [C1]}", /Did you mean slack\.allowed_channels\?/],
  ["another's", "discord: {allowed_chanels: ['1']}", /Did you mean discord\.allowed_channels\?/],
  ["a platform's key of the original", "slack: {extra: {rich_blocks: true}}", /original Hermes Agent/],
  ["a side job of the original", "auxiliary: {web_extract: {model: x}}", /original Hermes Agent/],
] as const) {
  test(`a finding for ${name}`, async (t) => {
    const { lines } = await load(t, `${yaml}\n`);
    assert.match(lines.join("\n"), says);
    assert.doesNotMatch(lines.join("\n"), /hunter2/);
  });
}

test("what is right of a list is used although a part of it is wrong", async (t) => {
  const yaml = "custom_providers: [5, {name: a, base_url: http://a/v1, concurrency: many, model: m}]\n";
  const [entry, ...others] = (await load(t, yaml)).config.customProviders;
  assert.deepEqual([entry?.name, entry?.model, entry?.concurrency, others], ["a", "m", null, []]);
});

test("no key is ever shown", async (t) => {
  const yaml =
    "custom_providers: [{name: a, base_url: 'http://u:hunter2@a/v1', api_key: hunter2}]\nproviders: {b: {base_url: http://b/v1, api_key: hunter2}}\n";
  const loaded = await load(t, yaml);
  const text = [...shownKeys(loaded), showKey(loaded, "providers.b.api_key"), showKey(loaded, "custom_providers.a.base_url")];
  assert.doesNotMatch(JSON.stringify(text), /hunter2/);
  assert.equal(showKey(loaded, "providers.b.api_key").value, "(set, not shown)");
  assert.equal(showKey(loaded, "providers.b.base_url").value, "http://b/v1");
});

test("fields of named servers and three-part keys are set and removed with comments kept; a key goes to .env", async (t) => {
  const path = await home(t, {
    "config.yaml":
      "# mine\ncustom_providers:\n  # the lab's\n  - name: lab\n    base_url: http://a/v1 # old\nauxiliary: # none yet\n",
  });
  const read = () => readFile(join(path, "config.yaml"), "utf8");
  await setKey(path, "auxiliary.compression.model", "X");
  await setKey(path, "custom_providers.lab.base_url", "http://b/v1");
  await setKey(path, "custom_providers.lab.models.qwen2.5:7b.context_length", "8192");
  await setKey(path, "providers.deep.seek.base_url", "https://api.deepseek.com/v1");
  await setKey(path, "providers.deep.seek.api_key", "sk-secret");
  for (const comment of ["# mine", "# the lab's", "# old", "none yet"]) assert.ok((await read()).includes(comment), comment);
  assert.doesNotMatch(await read(), /sk-secret/);
  const { config, findings } = await loadConfig({ env: {}, home: path });
  assert.deepEqual(findings, []);
  assert.equal(config.auxiliary.compression.model, "X");
  assert.deepEqual(config.customProviders[0]?.contextLengths, { "qwen2.5:7b": 8_192 });
  assert.deepEqual([config.providers[0]?.name, config.providers[0]?.apiKey], ["deep.seek", "sk-secret"]);
  assert.equal((await unsetKey(path, "providers.deep.seek.api_key")).changed, true);
  assert.equal((await unsetKey(path, "auxiliary.compression.model")).changed, true);
  assert.equal((await unsetKey(path, "auxiliary.compression.model")).changed, false);
  assert.equal(await readFile(join(path, ".env"), "utf8"), "");
  const after = (await loadConfig({ env: {}, home: path })).config;
  assert.deepEqual([after.auxiliary.compression.model, after.providers[0]?.keyEnv], [null, null]);
});

test("a server's key takes the place of the one in its entry, and of nobody else's", async (t) => {
  const entries = ["spare", "openai", "my-server", "my_server"].map(
    (name) => `  ${name}: {base_url: http://h/v1, api_key: old}\n`,
  );
  const path = await home(t, { "config.yaml": `providers:\n${entries.join("")}`, ".env": "OPENAI_API_KEY=main\n" });
  for (const name of ["spare", "openai", "my-server"]) await setKey(path, `providers.${name}.api_key`, `new-${name}`);
  for (const key of ["x", "y"]) await setKey(path, "providers.my_server.api_key", key);
  assert.match(await readFile(join(path, ".env"), "utf8"), /^MY_SERVER_API_KEY=new-my-server\nMY_SERVER_API_KEY_2=y$/m);
  await unsetKey(path, "providers.my_server.api_key");
  assert.doesNotMatch(await readFile(join(path, ".env"), "utf8"), /_2=/);
  await setKey(path, "providers.my_server.key_env", "MINE");
  await unsetKey(path, "providers.my_server.api_key");
  const { config } = await loadConfig({ env: {}, home: path });
  assert.deepEqual(
    [config.model.apiKey, ...config.providers.map(({ apiKey }) => apiKey)],
    ["main", "new-spare", "new-openai", "new-my-server", null],
  );
});

for (const [name, value, says] of [
  ["providers.x.modle", "m", /Did you mean providers\.x\.model\?/],
  ["providers.x", "m", /Name a server and its field/],
  ["providers.x.base_url", "nowhere", /Expected an address/],
  ["providers.x.api_key", "two\nlines", /not shown/],
  ["custom_providers.x.model", "m", /no entry named x.*hermes model/],
  ["custom_providers", "[]", /several entries/],
  ["auxiliary.compresion.model", "m", /Did you mean auxiliary\.compression\.model\?/],
] as const) {
  test(`setting ${name} to ${JSON.stringify(value)} is refused with its mend`, async (t) => {
    await assert.rejects(setKey(await home(t, {}), name, value), (thrown: unknown) => {
      assert.ok(thrown instanceof Failure);
      assert.match(`${thrown.message} ${thrown.advice}`, says);
      return true;
    });
  });
}

test("a new default keeps the former server as an entry; the same server twice is one entry", async (t) => {
  const path = await home(t, {
    "config.yaml": "model: {default: old, base_url: http://old:1/v1}\n",
    ".env": "OPENAI_API_KEY=k\n",
  });
  const chosen = {
    name: "new",
    baseUrl: "http://new:2/v1",
    model: "m",
    apiMode: "auto",
    apiKey: null,
    contextLength: null,
  } as const;
  await saveDefault(path, chosen);
  await saveDefault(path, { ...chosen, model: "n", name: "newer" });
  const { config, findings } = await loadConfig({ env: {}, home: path });
  assert.deepEqual(findings, []);
  assert.deepEqual([config.model.provider, config.model.default, config.model.baseUrl], ["newer", "n", "http://new:2/v1"]);
  const rows = config.customProviders.map(({ name, model, apiKey }) => [name, model, apiKey]);
  assert.deepEqual(rows, [
    ["old:1", "old", "k"],
    ["newer", "n", null],
  ]);
});

test("servers whose names differ by a sign only keep a key each", async (t) => {
  const path = await home(t, {});
  const save = (name: string, apiKey: string) =>
    saveDefault(path, {
      name,
      baseUrl: `http://h${name.charCodeAt(2)}/v1`,
      model: "m",
      apiMode: null,
      apiKey,
      contextLength: null,
    });
  for (const name of ["my-server", "my_server", "my server"]) await save(name, `first of ${name}`);
  for (const name of ["my-server", "my_server", "my server"]) await save(name, `key of ${name}`);
  const { config, findings } = await loadConfig({ env: {}, home: path });
  assert.deepEqual(findings, []);
  assert.deepEqual(
    config.customProviders.map(({ apiKey, keyEnv }) => [apiKey, keyEnv]),
    [
      ["key of my-server", "MY_SERVER_API_KEY"],
      ["key of my_server", "MY_SERVER_API_KEY_2"],
      ["key of my server", "MY_SERVER_API_KEY_3"],
    ],
  );
});
