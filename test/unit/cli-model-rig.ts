import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { Command } from "commander";
import type { Context } from "../../src/cli/context.ts";
import { hermes } from "../../src/cli/hermes.ts";
import { define } from "../../src/cli/model.ts";
import { loadConfig } from "../../src/config/load.ts";

/** A server on a port of its own; gives its origin. */
export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
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
export function modelServer(t: TestContext, models: readonly string[], key: string | null = null): Promise<string> {
  return serve(t, (request, response) => {
    if (request.url !== "/v1/models")
      return void response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not Found</h1>");
    if (key !== null && request.headers.authorization !== `Bearer ${key}`) return void response.writeHead(401).end("{}");
    response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
  });
}

/** An origin where nobody listens. */
export async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

/** `hermes model` with these arguments and no terminal, in a home of its own. */
export async function run(t: TestContext, args: readonly string[], config = "", env: Readonly<Record<string, string>> = {}) {
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
export async function wizard(t: TestContext, answers: readonly string[], files: Readonly<Record<string, string>> = {}) {
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
