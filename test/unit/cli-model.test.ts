import assert from "node:assert/strict";
import { test } from "node:test";
import { closedPort, modelServer, run, serve, wizard } from "./cli-model-rig.ts";

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
    "API base URL [e.g. https://api.example.com/v1]: ",
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

test("what does not answer is asked for again: nobody there, a page, a wrong key; Enter leaves it", async (t) => {
  const page = await serve(t, (_, response) => void response.end("<html>hi</html>"));
  const origin = await modelServer(t, ["a"], "k");
  const tries = ["no address", "", await closedPort(), "", page, "", origin, "wrong", origin, "k"];
  const done = await wizard(t, [...tries, "", "", "", ""]);
  assert.equal(done.lines.filter((line) => line.startsWith("API base URL")).length, 5);
  const said = done.lines.join("\n");
  assert.match(said, /is no web address[^]*\(ECONNREFUSED\)[^]*not with a list of models[^]*refuses the key \(401\)[^]*Verified/);
  assert.match(done.yaml, /default: a/);
  const left = await wizard(t, [origin, "", ""]);
  assert.deepEqual([left.left, left.yaml, left.env], [null, "", ""]);
});

test("a bare host gets its /v1 also where the server lists its models beside it", async (t) => {
  const both = await serve(t, (_, response) => void response.end(JSON.stringify({ data: [{ id: "a" }] })));
  const { out, files } = await run(t, ["--base-url", both, "--yes"]);
  assert.match(out, new RegExp(`Corrected the address: ${both} → ${both}/v1`));
  assert.match(files["config.yaml"] ?? "", new RegExp(`base_url: ${both}/v1\n`));
});

test("a model may be named as its file is, without folders and ending; twice the same is no name", async (t) => {
  const origin = await modelServer(t, ["./models/a.gguf", "x/b.gguf", "y/b.gguf"]);
  const named = await run(t, ["--base-url", origin, "--model", "a.gguf", "--yes"]);
  assert.match(named.files["config.yaml"] ?? "", /default: \.\/models\/a\.gguf/);
  const typed = await wizard(t, [origin, "", "", "b", "a", "", ""]);
  assert.match(typed.lines.join("\n"), /has no model b\./);
  assert.match(typed.yaml, /default: \.\/models\/a\.gguf/);
});

test("a name that means whatever is found is no server's name", async (t) => {
  const origin = await modelServer(t, ["a"]);
  const flagged = await run(t, ["--base-url", origin, "--name", "auto", "--yes"]);
  assert.equal(flagged.status, 78);
  assert.match(flagged.err, /auto can't be a server's name/);
  const typed = await wizard(t, [origin, "", "", "", "", "main", "mine"]);
  assert.match(typed.yaml, /provider: mine/);
});

test("a name that another server has is taken after a yes only; a flag that takes it is told of", async (t) => {
  const origin = await modelServer(t, ["a"]);
  const old = "custom_providers:\n  - name: lab\n    base_url: http://10.0.0.5:8000/v1\n";
  const other = await wizard(t, [origin, "", "", "", "", "lab", "n", "den"], { "config.yaml": old });
  assert.ok(other.lines.some((line) => line.includes("lab is http://10.0.0.5:8000/v1 already. Replace it? [y/N]")));
  assert.match(other.yaml, /name: lab\n    base_url: http:\/\/10\.0\.0\.5:8000\/v1\n[^]*name: den\n/);
  const yes = await wizard(t, [origin, "", "", "", "", "lab", "y"], { "config.yaml": old });
  assert.doesNotMatch(yes.yaml, /10\.0\.0\.5/);
  const flagged = await run(t, ["--base-url", origin, "--name", "lab", "--yes"], old);
  assert.equal(flagged.status, 0);
  assert.match(flagged.err, /lab was http:\/\/10\.0\.0\.5:8000\/v1 until now; it is replaced\. Another --name keeps both\./);
  const own = await run(t, ["--base-url", `${origin}/v1`, "--name", "lab", "--yes"], old.replace("http://10.0.0.5:8000", origin));
  assert.equal(own.err, "");
});

test("a mode that the server does not answer to is told of", async (t) => {
  const origin = await modelServer(t, ["a"]);
  const { err, status } = await run(t, ["--base-url", origin, "--api-mode", "responses", "--yes"]);
  assert.equal(status, 0);
  assert.match(err, /does not answer to Responses/);
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
