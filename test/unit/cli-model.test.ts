import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import type { Context } from "../../src/cli/context.ts";
import { hermes } from "../../src/cli/hermes.ts";
import { define } from "../../src/cli/model.ts";
import { loadConfig } from "../../src/config/load.ts";

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // Listening on TCP, so the address is not a path.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** A server that lists models under /v1 alone, and wants a key when one is given. */
function modelServer(t: TestContext, models: readonly string[], key: string | null = null): Promise<string> {
  return serve(t, (request, response) => {
    if (request.url !== "/v1/models")
      return void response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not Found</h1>");
    if (key !== null && request.headers.authorization !== `Bearer ${key}`) return void response.writeHead(401).end("{}");
    response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
  });
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

async function run(t: TestContext, args: readonly string[], config = "", env: Readonly<Record<string, string>> = {}) {
  const home = await mkdtemp(join(tmpdir(), "hermes-model-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  if (config !== "") await writeFile(join(home, "config.yaml"), config);
  let [out, err] = ["", ""];
  const status = await hermes(["model", ...args], {
    env: { HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  const files = Object.fromEntries(
    await Promise.all((await readdir(home)).map(async (name) => [name, await readFile(join(home, name), "utf8")] as const)),
  );
  return { status, out, err, files };
}

/** The wizard with a person who gives these answers in turn; tells what was asked. */
async function wizard(t: TestContext, answers: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const home = await mkdtemp(join(tmpdir(), "hermes-model-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  const lines: string[] = [];
  const left = [...answers];
  const context: Context = {
    env: { HERMES_HOME: home },
    home,
    print: (line) => void lines.push(line),
    remark: (line) => void lines.push(line),
    ask: async (question, answer) => {
      lines.push(answer === "hidden" ? `${question}(hidden)` : question);
      const said = left.shift();
      if (said === undefined) throw new Error(`left at: ${question}`);
      return said;
    },
    exit: (status) => void lines.push(`exit ${status}`),
    product: () => Promise.reject(new Error("not needed")),
  };
  const command = new Command("model").exitOverride();
  define(command, context);
  const left0 = await command.parseAsync([], { from: "user" }).then(
    () => null,
    (thrown: Error) => thrown.message,
  );
  assert.deepEqual(left, []);
  const read = async (name: string) => await readFile(join(home, name), "utf8").catch(() => "");
  const { config, findings } = await loadConfig({ env: {}, home });
  return { lines, left: left0, yaml: await read("config.yaml"), env: await read(".env"), config, findings };
}

test("without flags and without a terminal, it shows what is set and changes nothing", async (t) => {
  const { status, out, files } = await run(t, [], "model: {default: m, base_url: http://h/v1}\n");
  assert.equal(status, 0);
  assert.equal(out, "Current model: m\nActive provider: http://h/v1\n");
  assert.deepEqual(Object.keys(files), ["config.yaml"]);
});

test("the wizard, step by step: comments stay, the server is saved under its name and made the default", async (t) => {
  const origin = await modelServer(t, ["./models/Qwen3.6-27B.gguf"]);
  const host = origin.slice("http://".length);
  const yaml = "# mine\nmodel: old # chosen by Ana\nterminal:\n  timeout: 60 # slow disk\n";
  const done = await wizard(t, [`${origin}/v1`, "", "", "y", "many", "65536", ""], {
    "config.yaml": yaml,
    ".env": `OPENAI_BASE_URL=http://127.0.0.1:9/v1\nTELEGRAM_BOT_TOKEN=1:x\n`,
  });
  assert.deepEqual(done.lines, [
    "Current model: old",
    "Active provider: http://127.0.0.1:9/v1",
    "Custom OpenAI-compatible endpoint configuration:",
    "API base URL [e.g. https://api.example.com/v1; Enter to leave it as it is]: ",
    "API key [optional]: (hidden)",
    `Verified endpoint via ${origin}/v1/models (1 model(s) visible)`,
    "Select API compatibility mode:",
    "  1. Auto-detect [current]",
    "  2. Chat Completions",
    "  3. Responses / Codex",
    "  4. Anthropic Messages",
    "Choice [1-4, Enter to keep current/detected]: ",
    "API mode: auto-detect (Chat Completions)",
    "Detected model: ./models/Qwen3.6-27B.gguf",
    "Use this model? [Y/n]: ",
    "Context length in tokens [leave blank for auto-detect]: ",
    "many is no context length: give a whole number of at least 1024.",
    "Context length in tokens [leave blank for auto-detect]: ",
    `Display name [${host}]: `,
    `Default model set to: ./models/Qwen3.6-27B.gguf (via ${origin}/v1)`,
    done.lines.at(-1),
  ]);
  assert.match(done.lines.at(-1) ?? "", new RegExp(`^💾 Saved to custom providers as "${host}" \\(edit in .*config\\.yaml\\)$`));
  assert.match(done.yaml, /^# mine\n[^]*chosen by Ana[^]*timeout: 60 # slow disk/);
  assert.deepEqual(done.findings, []);
  const { model, customProviders } = done.config;
  assert.deepEqual(
    [model.provider, model.default, model.baseUrl, model.contextLength],
    [host, "./models/Qwen3.6-27B.gguf", `${origin}/v1`, 65_536],
  );
  assert.deepEqual(customProviders.at(-1)?.contextLengths, { "./models/Qwen3.6-27B.gguf": 65_536 });
  assert.equal(done.env, "TELEGRAM_BOT_TOKEN=1:x\n");
});

test("a server that is set up already is changed, not doubled, and its context length goes back to auto", async (t) => {
  const origin = await modelServer(t, ["a", "b"], "k");
  const yaml = `custom_providers:\n  # the lab's\n  - name: lab\n    base_url: ${origin}/v1\n    models: {b: {context_length: 4096}} # small\n`;
  const done = await wizard(t, [origin, "k", "2", "2", "", "Lab 2"], { "config.yaml": yaml });
  assert.equal(done.config.customProviders.length, 1);
  const [entry] = done.config.customProviders;
  assert.deepEqual(
    [entry?.name, entry?.model, entry?.apiMode, entry?.apiKey, entry?.contextLengths],
    ["Lab 2", "b", "chat_completions", "k", {}],
  );
  assert.equal(done.env, "LAB_2_API_KEY=k\n");
  assert.match(done.yaml, /# the lab's/);
  assert.ok(done.lines.includes(`Corrected the address: ${origin} → ${origin}/v1`));
  assert.doesNotMatch(done.yaml, /api_key: k/);
});

test("with several servers set up, it lists them first; a known one needs only its model", async (t) => {
  const origin = await modelServer(t, ["a", "b"]);
  const yaml = `custom_providers:\n  - {name: one, base_url: "${origin}/v1", model: b}\n  - {name: two, base_url: "http://127.0.0.1:9/v1"}\n`;
  const done = await wizard(t, ["7", "1", ""], { "config.yaml": yaml });
  assert.deepEqual(done.lines.slice(2, 7), [
    "1. one (b)",
    "2. two",
    "3. Add another endpoint",
    "Choice [1-3, Enter to leave it as it is]: ",
    "7 is none of these.",
  ]);
  assert.deepEqual([done.config.model.provider, done.config.model.default], ["one", "b"]);
  assert.deepEqual((await wizard(t, [""], { "config.yaml": yaml })).yaml, yaml);
});

test("leaving at any question changes nothing", async (t) => {
  const origin = await modelServer(t, ["a"]);
  const answers = [`${origin}/v1`, "key", "1", "y", "2048"];
  for (let given = 0; given <= answers.length; given += 1) {
    const done = await wizard(t, answers.slice(0, given), { "config.yaml": "# mine\n" });
    assert.match(done.left ?? "", /^left at/);
    assert.deepEqual([done.yaml, done.env], ["# mine\n", ""]);
  }
  const refused = await wizard(t, [`${origin}/v1`, "", "", "n"]);
  assert.deepEqual([refused.lines.at(-1), refused.yaml], ["exit 1", ""]);
});

test("an address without /v1 or scheme is corrected out loud; the server is saved and made the default, the key in .env", async (t) => {
  const origin = await modelServer(t, ["qwen", "hermes"], "secret-key");
  const flags = ["--base-url", origin.slice("http://".length), "--model", "hermes", "--api-key", "secret-key", "--yes"];
  const { status, out, files } = await run(
    t,
    [...flags, "--api-mode", "codex_responses", "--context-length", "32k", "--name", "lab"],
    "# mine\nmodel: old # note\n",
  );
  assert.equal(status, 0);
  assert.match(out, new RegExp(`Verified endpoint via ${origin}/v1/models \\(2 model\\(s\\) visible\\)`));
  assert.match(out, new RegExp(`Corrected the address: ${origin.slice(7)} → ${origin}/v1`));
  assert.match(out, /API mode: Responses/);
  assert.doesNotMatch(out, /secret-key/);
  const entry = `  - name: lab\n    base_url: ${origin}/v1\n    key_env: LAB_API_KEY\n    api_mode: responses\n    model: hermes\n`;
  const models = "    models:\n      hermes:\n        context_length: 32768\n";
  assert.equal(
    files["config.yaml"]?.replace(/\n+/g, "\n"),
    `# mine\nmodel:\n  # note\n  default: hermes\n  provider: lab\ncustom_providers:\n${entry}${models}`,
  );
  assert.equal(files[".env"], "LAB_API_KEY=secret-key\n");
});

test("a context length larger than the server's is told of, and the server's is used", async (t) => {
  const origin = await serve(t, (request, response) => {
    if (request.url !== "/v1/models") return void response.writeHead(404).end("{}");
    const data = [{ id: "m", object: "model", owned_by: "vllm", max_model_len: 16_384 }];
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ object: "list", data }));
  });
  const { out, files } = await run(t, ["--base-url", `${origin}/v1`, "--context-length", "65536", "--yes"]);
  assert.match(out, /The server gives 16384 tokens, less than 65536: the server's is used\./);
  assert.doesNotMatch(files["config.yaml"] ?? "", /context_length/);
});

test("only another model of the server in force: only that is changed", async (t) => {
  const origin = await modelServer(t, ["a", "b"]);
  const { files } = await run(t, ["--model", "b", "--yes"], `model: {default: a, base_url: "${origin}/v1"} # mine\n`);
  assert.match(files["config.yaml"] ?? "", new RegExp(`^model: \\{ default: b, base_url: "${origin}/v1" \\} # mine\n$`));
});

test("the first model is taken when none is named; the environment that overrules is told of", async (t) => {
  const origin = await modelServer(t, ["only"]);
  const { files, err } = await run(t, ["--base-url", `${origin}/v1/chat/completions`, "--yes"], "", {
    OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
  });
  assert.match(files["config.yaml"] ?? "", new RegExp(`base_url: ${origin}/v1\n[^]*model: only\n[^]*default: only`));
  assert.match(err, /OPENAI_BASE_URL in the environment overrules it/);
});

test("nothing is saved without --yes when nobody can be asked", async (t) => {
  const origin = await modelServer(t, ["m"]);
  const { status, err, files } = await run(t, ["--base-url", `${origin}/v1`]);
  assert.equal(status, 78);
  assert.match(err, /nothing was saved.*\n.*--yes/);
  assert.deepEqual(files, {});
});

const bad: readonly {
  name: string;
  make: (t: TestContext) => Promise<string>;
  more?: readonly string[];
  says: RegExp;
  status: number;
}[] = [
  {
    name: "nobody listens",
    make: () => closedPort(),
    says: /no model server answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    status: 1,
  },
  {
    name: "a wrong key",
    make: (t) => modelServer(t, ["m"], "k"),
    more: ["--api-key", "wrong"],
    says: /refuses the key \(401\)\.\n.*--api-key/,
    status: 1,
  },
  {
    name: "an HTML page",
    make: (t) => serve(t, (_, response) => void response.end("<html>hi</html>")),
    says: /answers 200, and not with a list of models/,
    status: 1,
  },
  {
    name: "an error",
    make: (t) => serve(t, (_, response) => void response.writeHead(500).end("oops")),
    says: /answers 500/,
    status: 1,
  },
  { name: "no models", make: (t) => modelServer(t, []), says: /lists no model/, status: 1 },
  {
    name: "a model that isn't there",
    make: (t) => modelServer(t, ["a", "b"]),
    more: ["--model", "c"],
    says: /has no model c\.\n.*It lists a, b\./,
    status: 1,
  },
  {
    name: "an unknown mode",
    make: (t) => modelServer(t, ["a"]),
    more: ["--api-mode", "smoke"],
    says: /no API mode smoke\.\n.*anthropic_messages/,
    status: 78,
  },
  {
    name: "a window too small",
    make: (t) => modelServer(t, ["a"]),
    more: ["--context-length", "512"],
    says: /512 is no context length/,
    status: 78,
  },
  { name: "no address", make: async () => "ftp://x", says: /ftp:\/\/x" is no web address/, status: 78 },
];

for (const { name, make, more = [], says, status } of bad) {
  test(`a server with ${name} is refused in one line with its mend`, async (t) => {
    const result = await run(t, ["--base-url", await make(t), "--yes", ...more]);
    assert.equal(result.status, status);
    assert.match(result.err, says);
    assert.deepEqual(result.files, {});
  });
}
