import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";
import { pingRedis } from "../../src/cli/redis-ping.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { startRedis } from "../services/redis.ts";

/** A service that holds the record, so that doctor does not open one. */
async function heldHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-doctor-"));
  const service = await serveControl(home, { handle: async () => ({ ok: true, text: "" }) });
  t.after(async () => {
    await service.close();
    await rm(home, { recursive: true, force: true });
  });
  return home;
}

async function doctor(home: string, env: Readonly<Record<string, string>>): Promise<{ status: number; lines: string[] }> {
  let out = "";
  const status = await hermes(["doctor"], {
    env: { HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (out += text) },
  });
  return { status, lines: out.trim().split("\n") };
}

/** Telegram and a model server in one. */
async function servers(t: TestContext): Promise<string> {
  const answers: Readonly<Record<string, unknown>> = {
    "/bot1:good/getMe": { ok: true, result: { id: 1, username: "team_bot" } },
    "/bot1:bad/getMe": { ok: false, error_code: 401, description: "Unauthorized" },
    "/v1/models": { data: [{ id: "qwen" }] },
  };
  const server = createServer((request, response) => void response.end(JSON.stringify(answers[request.url ?? ""] ?? {}))).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a whole house in order: one line a part, status 0", async (t) => {
  const origin = await servers(t);
  await using redis = await startRedis();
  const { status, lines } = await doctor(await heldHome(t), {
    OPENAI_BASE_URL: `${origin}/v1`,
    TELEGRAM_API_ROOT: origin,
    TELEGRAM_BOT_TOKEN: "1:good",
    REDIS_URL: redis.url,
    DOCKER_HOST: "unix:///nonexistent.sock",
  });
  const says = [
    /^ok +home +.* is writable/,
    /^ok +config/,
    /^ok +record +embedded, held by the running service \(process \d+\)/,
    /^ok +redis +Redis \d+\./,
  ];
  const rest = [
    /^warn +docker .*virtual shell/,
    /^ok +model +qwen at /,
    /^ok +telegram +@team_bot: https:\/\/t\.me\/team_bot$/,
    /^All is well\.$/,
  ];
  assert.equal(lines.length, 8, lines.join("\n"));
  for (const [index, pattern] of [...says, ...rest].entries()) assert.match(lines[index] ?? "", pattern);
  assert.equal(status, 0);
});

test("every fault has its mend, secrets stay hidden, status 1", async (t) => {
  const origin = await servers(t);
  const home = await heldHome(t);
  const { status, lines } = await doctor(home, {
    OPENAI_BASE_URL: `${origin}/nothing/here`,
    OPENAI_API_KEY: "hunter2-key",
    TELEGRAM_API_ROOT: origin,
    TELEGRAM_BOT_TOKEN: "1:bad",
    REDIS_URL: "redis://:hunter2@127.0.0.1:1",
    HERMES_HTTP_PORT: "many",
  });
  const faults = lines.filter((line) => line.startsWith("fail"));
  assert.equal(status, 1);
  assert.match(
    faults.join("\n"),
    /config .*HERMES_HTTP_PORT[^]*redis .*127\.0\.0\.1:1 does not answer[^]*model .*answers 200, and not with[^]*telegram .*Unauthorized/,
  );
  for (const line of faults) assert.match(line, / → \S/);
  assert.match(lines.at(-1) ?? "", /^4 faults\.$/);
  assert.doesNotMatch(lines.join("\n"), /hunter2/);
});

test("pingRedis: a password that is missing, wrong, right; something that is no Redis; silence", async (t) => {
  await using redis = await startRedis();
  const { port } = new URL(redis.url);
  assert.match(await pingRedis(redis.url, AbortSignal.timeout(5_000)), /^\d+\.\d+/);
  const admin = connect(Number(port), "127.0.0.1");
  admin.write("CONFIG SET requirepass s3cret\r\n");
  await once(admin, "data");
  t.after(() => admin.destroy());
  assert.match(await pingRedis(`redis://:s3cret@127.0.0.1:${port}`, AbortSignal.timeout(5_000)), /^\d+\.\d+/);
  for (const login of ["", ":hunter2@", "somebody:hunter2@"]) {
    await assert.rejects(pingRedis(`redis://${login}127.0.0.1:${port}`, AbortSignal.timeout(5_000)), (thrown: Error) => {
      assert.match(thrown.message, /refuses: (?:NOAUTH|WRONGPASS)/);
      return !thrown.message.includes("hunter2");
    });
  }
  const origin = await servers(t);
  await assert.rejects(
    pingRedis(`redis://${new URL(origin).host}`, AbortSignal.timeout(5_000)),
    /not the answer of a Redis server|does not answer/,
  );
  const silent = createTcpServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  await assert.rejects(
    pingRedis(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`, AbortSignal.timeout(50)),
    /does not answer \(no answer in time\)/,
  );
});
