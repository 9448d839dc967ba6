import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";

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

async function run(t: TestContext, args: readonly string[], config = "") {
  const home = await mkdtemp(join(tmpdir(), "hermes-model-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  if (config !== "") await writeFile(join(home, "config.yaml"), config);
  let [out, err] = ["", ""];
  const status = await hermes(["model", ...args], {
    env: { HERMES_HOME: home },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  const files = Object.fromEntries(
    await Promise.all((await readdir(home)).map(async (name) => [name, await readFile(join(home, name), "utf8")] as const)),
  );
  return { status, out, err, files };
}

test("without flags and without a terminal, it shows what is set and changes nothing", async (t) => {
  const { status, out, files } = await run(t, [], "model: {default: m, base_url: http://h/v1}\n");
  assert.equal(status, 0);
  assert.equal(out, "Current model: m\nServer: http://h/v1\n");
  assert.deepEqual(Object.keys(files), ["config.yaml"]);
});

test("an address without /v1 or scheme is corrected out loud; address and model are saved, the key to .env", async (t) => {
  const origin = await modelServer(t, ["qwen", "hermes"], "secret-key");
  const { status, out, files } = await run(
    t,
    ["--base-url", origin.slice("http://".length), "--model", "hermes", "--api-key", "secret-key", "--yes"],
    "# mine\nmodel: old # note\n",
  );
  assert.equal(status, 0);
  assert.match(out, new RegExp(`Verified ${origin}/v1/models \\(2 models\\)\\.`));
  assert.match(out, new RegExp(`Corrected the address: ${origin.slice(7)} → ${origin}/v1`));
  assert.doesNotMatch(out, /secret-key/);
  assert.match(
    files["config.yaml"] ?? "",
    new RegExp(`^# mine\nmodel:\n  # ?note\n  default: hermes\n  base_url: ${origin}/v1\n$`),
  );
  assert.equal(files[".env"], "OPENAI_API_KEY=secret-key\n");
});

test("the first model is taken when none is named", async (t) => {
  const origin = await modelServer(t, ["only"]);
  const { files } = await run(t, ["--base-url", `${origin}/v1/chat/completions`, "--yes"]);
  assert.equal(files["config.yaml"], `model:\n  base_url: ${origin}/v1\n  default: only\n`);
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
