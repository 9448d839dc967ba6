import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";
import { followConfig } from "../../src/config/live.ts";
import { loadConfig } from "../../src/config/load.ts";
import { followSandboxes } from "../../src/main/sandboxes.ts";
import { modelSettings } from "../../src/main/model-settings.ts";
import { modelServerWith } from "../doubles/model-server.ts";
import { vllm } from "../doubles/server-kinds.ts";
import { perfect } from "../doubles/tool-caller.ts";
import { lines } from "../doubles/model-server-client.ts";

async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-seed-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

async function typed(home: string, line: string, env: Readonly<Record<string, string>> = {}) {
  let [out, err] = ["", ""];
  const status = await hermes(line.split(" ").slice(1), {
    env: { HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { status, out, err };
}

/** As the first seed has them; the server's address is the test's. */
const seedEnv = "OPENAI_BASE_URL=SERVER\nOPENAI_API_KEY=dummy  # 本地无需真实 key\n";
const seedYaml = `model: NousResearch/Hermes-3-Llama-3.1-8B
terminal:
  backend: docker  # 推荐沙箱,隔离 agent 执行
  docker_image: python:3.11-slim
  container_cpu: 2
  container_memory: 4096  # MB
  timeout: 300  # 命令超时秒
memory:
  enabled: true
  memory_char_limit: 2200
agent:
  reasoning_effort: high  # 增强多步工具链推理
  max_iterations: 50  # 防止无限循环
compression:
  enabled: true
  threshold: 0.85
`;

/** An engine that has the image. */
async function engine(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.includes("/_ping")) return void response.end("OK");
    if (path.includes("/version")) return void response.end('{"Components":[]}');
    if (path.includes("/images/")) return void response.end("{}");
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"message":"no such thing"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  return `tcp://127.0.0.1:${port}`;
}

test("hermes config check && hermes doctor, on the first seed's own files", async (t) => {
  const kind = vllm({ model: "NousResearch/Hermes-3-Llama-3.1-8B" });
  // This one's tokens are letters, which says nothing of control tokens.
  const routes: typeof kind.routes = (asked) => (asked.path === "/tokenize" ? null : (kind.routes?.(asked) ?? null));
  await using server = await modelServerWith({ ...kind, routes }, perfect);
  const home = await temporaryHome(t);
  await writeFile(join(home, "config.yaml"), seedYaml);
  await writeFile(join(home, ".env"), seedEnv.replace("SERVER", server.url), { mode: 0o600 });
  const check = await typed(home, "hermes config check");
  assert.deepEqual([check.status, /is in order\.$/m.test(check.out)], [0, true], check.out);
  assert.match(check.out, /agent\.max_iterations in config\.yaml line 13 is read as agent\.max_turns/);
  const doctor = await typed(home, "hermes doctor", { DOCKER_HOST: await engine(t), HERMES_HTTP_PORT: "0" });
  assert.equal(doctor.status, 0, doctor.out);
  assert.match(doctor.out, /^ok +sandbox\.image +The image python:3\.11-slim is there\.$/m);
  assert.match(doctor.out, /^ok +model\.name +NousResearch\/Hermes-3-Llama-3\.1-8B at /m);
  assert.match(doctor.out, /^ok +tools\.accuracy +Tool calls: 20 of 20 cases right/m);
  assert.match(doctor.out, /^All is well/m);
});

test("hermes config set terminal.backend local, while it runs", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "config.yaml"), "terminal:\n  backend: virtual # for now\n");
  const env = { HERMES_HOME: home };
  const follow = await followConfig((await loadConfig({ env, home })).config, env, lines());
  const sandboxes = followSandboxes(follow, lines());
  t.after(() => sandboxes.close());
  const where = async (): Promise<string> => {
    const sandbox = await sandboxes.open({ key: "ann", label: "ann" }, "s");
    return (await sandbox.run("echo hi", { timeoutMs: 20_000, signal: AbortSignal.timeout(20_000) })).output;
  };
  await where();
  assert.equal((await sandboxes.current()).name, "virtual");
  const set = await typed(home, "hermes config set terminal.backend local");
  assert.match(set.out, /terminal\.backend set in .*It counts from the next message on\./);
  assert.match(await where(), /Commands run elsewhere now/);
  assert.equal((await sandboxes.current()).name, "local");
});

test("hermes config set auxiliary.compression.provider deepseek, and .model deepseek-v3-flash, while it runs", async (t) => {
  const home = await temporaryHome(t);
  const env = { HERMES_HOME: home };
  const follow = await followConfig((await loadConfig({ env, home })).config, env, lines());
  const compression = async () => modelSettings(await follow.refresh()).auxiliary.compression;
  const provider = await typed(home, "hermes config set auxiliary.compression.provider deepseek");
  assert.match(provider.out, /It counts the next time a conversation is shortened\./);
  assert.match(provider.err, /deepseek.*`hermes config set DEEPSEEK_API_KEY`/);
  assert.equal((await typed(home, "hermes config set auxiliary.compression.model deepseek-v3-flash")).status, 0);
  assert.match(provider.err, /Until then a running service keeps what it had\./);
  assert.partialDeepStrictEqual(await compression(), { provider: "auto", model: null });
  await typed(home, "hermes config set DEEPSEEK_API_KEY sk-0123456789abcdef");
  assert.partialDeepStrictEqual(await compression(), { provider: "deepseek", model: "deepseek-v3-flash" });
  assert.match((await typed(home, "hermes config check")).out, /is in order/);
});
