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
import { adviceFor } from "../../src/model/measure/advice.ts";
import { askRedis } from "../../src/cli/doctor/redis-ping.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import {
  call,
  type ModelServerOptions,
  modelServerWith,
  type Responder,
  say,
  type Seen,
  status,
} from "../doubles/model-server.ts";
import { llamaServer, vllm } from "../doubles/server-kinds.ts";
import { clumsy, perfect, textual } from "../doubles/tool-caller.ts";
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

async function doctor(
  home: string,
  env: Readonly<Record<string, string>>,
  ...options: readonly string[]
): Promise<{ status: number; lines: string[] }> {
  let out = "";
  const status = await hermes(["doctor", ...options], {
    env: { HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => undefined },
  });
  return { status, lines: out.trim().split("\n") };
}

/** Telegram and a model server in one. */
async function servers(t: TestContext): Promise<string> {
  const answers: Readonly<Record<string, unknown>> = {
    "/bot1:good/getMe": { ok: true, result: { id: 1, username: "team_bot", can_read_all_group_messages: false } },
    "/bot1:good/getWebhookInfo": { ok: true, result: { url: "", pending_update_count: 0 } },
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
  const env = {
    OPENAI_BASE_URL: `${origin}/v1`,
    TELEGRAM_API_ROOT: origin,
    TELEGRAM_BOT_TOKEN: "1:good",
    REDIS_URL: redis.url,
    DOCKER_HOST: "unix:///nonexistent.sock",
    HERMES_HTTP_PORT: "0",
  };
  const { status, lines } = await doctor(await heldHome(t), env, "--quick");
  const says = [
    /^ok +node\.version +Node 2\d\./,
    /^ok +home\.writable +.* is writable/,
    /^ok +home\.permissions/,
    /^ok +home\.disk +[\d,]+ MB are free/,
    /^ok +config\.error +No finding/,
    /^ok +record\.open +The embedded record, held by the running service \(process \d+\)/,
    /^ok +redis\.answers +Redis \d+\.\d+\.\d+ answers\.$/,
    /^ok +redis\.eviction +It drops no jobs/,
    /^warn +sandbox\.backend +Commands run in the virtual shell: /,
    /^ok +model\.server +\S+ answers\.$/,
    /^ok +model\.name +qwen at /,
    /^warn +model\.window +The server does not tell/,
    /^ok +mcp\.server +No MCP server is configured\.$/,
    /^ok +telegram\.token +@team_bot: https:\/\/t\.me\/team_bot$/,
    /^ok +telegram\.privacy +In groups Telegram sends it commands, mentions/,
    /^ok +telegram\.webhook +It polls, and no webhook/,
    /^ok +discord\.token +Off: /,
    /^ok +slack\.token +Off: /,
    /^ok +clock\.skew +As 127\.0\.0\.1:\d+\.$/,
    /^ok +ports\.page +The page has any free port/,
    /^ok +risk\.local +No risky setting/,
    /^ok +risk\.readable/,
    /^ok +tools\.probe +Not probed, because of --quick/,
    /^All is well, 2 warnings\.$/,
  ];
  assert.equal(lines.length, says.length, lines.join("\n"));
  for (const [index, pattern] of says.entries()) assert.match(lines[index] ?? "", pattern);
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
    /config\.error .*HERMES_HTTP_PORT[^]*redis\.answers .*127\.0\.0\.1:1 does not answer[^]*model\.server .*answers 200, and not with[^]*telegram\.token .*Unauthorized/,
  );
  for (const line of faults) assert.match(line, / → \S/);
  assert.match(lines.at(-1) ?? "", /^4 faults, \d warnings\./);
  assert.doesNotMatch(lines.join("\n"), /hunter2/);
});

test("askRedis: a password that is missing, wrong, right; something that is no Redis; silence", async (t) => {
  await using redis = await startRedis();
  const { port } = new URL(redis.url);
  const version = async (url: string) => (await askRedis(url, AbortSignal.timeout(5_000))).get("redis_version") ?? "";
  assert.match(await version(redis.url), /^\d+\.\d+/);
  const admin = connect(Number(port), "127.0.0.1");
  admin.write("CONFIG SET requirepass s3cret\r\n");
  await once(admin, "data");
  t.after(() => admin.destroy());
  assert.match(await version(`redis://:s3cret@127.0.0.1:${port}`), /^\d+\.\d+/);
  for (const login of ["", ":hunter2@", "somebody:hunter2@"]) {
    await assert.rejects(askRedis(`redis://${login}127.0.0.1:${port}`, AbortSignal.timeout(5_000)), (thrown: Error) => {
      assert.match(thrown.message, /refuses: (?:NOAUTH|WRONGPASS)/);
      return !thrown.message.includes("hunter2");
    });
  }
  const origin = await servers(t);
  await assert.rejects(
    askRedis(`redis://${new URL(origin).host}`, AbortSignal.timeout(5_000)),
    /not the answer of a Redis server|does not answer/,
  );
  const silent = createTcpServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  await assert.rejects(
    askRedis(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`, AbortSignal.timeout(50)),
    /does not answer \(no answer in time\)/,
  );
});

/** The lines about tools of a doctor whose model is this double. */
async function toolLines(
  t: TestContext,
  kind: ModelServerOptions,
  responder: Responder,
): Promise<{ status: number; lines: string }> {
  await using server = await modelServerWith(kind, responder);
  const { status, lines } = await doctor(await heldHome(t), {
    OPENAI_BASE_URL: server.url,
    DOCKER_HOST: "unix:///nonexistent.sock",
  });
  return { status, lines: lines.filter((line) => / tools\./.test(line)).join("\n") };
}

/** llama-server that renders a template; `text` is what it makes of any conversation. */
function rendering(text: (conversation: string) => string): ModelServerOptions {
  const kind = llamaServer({ window: 16_384, slots: 2 });
  const routes: typeof kind.routes = (asked) => {
    const body = JSON.stringify(asked.body);
    if (asked.path === "/apply-template") return { status: 200, body: { prompt: text(body) } };
    if (asked.path === "/v1/chat/completions/input_tokens") return { status: 200, body: { input_tokens: body.length } };
    return kind.routes?.(asked) ?? null;
  };
  return { ...kind, routes };
}

test("a model that calls perfectly behind a good llama-server: nothing to mend", async (t) => {
  const { status, lines } = await toolLines(
    t,
    rendering((conversation) => `${conversation}<|im_end|>\n<|im_start|>assistant\n`),
    perfect,
  );
  assert.equal(status, 0, lines);
  assert.match(lines, /llama-server \S+, 16,384 tokens a request, 2 slots/);
  assert.match(lines, /^ok .*The chat template shows tools, calls and results/m);
  assert.match(lines, /^ok .*stay plain text for this model/m);
  assert.match(lines, /^ok .*20 of 20 cases right \(100 %\).*between 83 % and 100 %\. 20 cases are no verdict.*--full/m);
  assert.match(lines, /^ok .*A streamed call is the same as one in a whole answer/m);
  assert.match(lines, /^ok .*did not turn up in another/m);
  assert.doesNotMatch(lines, /^(warn|fail) (?!.*(?:tok\/s|slot))/m);
});

test("faults of servers are named with the flag that mends them", async (t) => {
  const withTools = (seen: Seen): boolean => seen.body.tools !== undefined;
  const jinja = await toolLines(t, llamaServer(), (seen) =>
    withTools(seen) ? status(500, { error: { code: 500, message: "tools param requires --jinja flag" } }) : say("Hm."),
  );
  assert.equal(jinja.status, 1);
  assert.match(jinja.lines, /^fail .*runs without --jinja\. → Start llama-server with --jinja\.$/m);
  const choice = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
  const parser = await toolLines(t, vllm(), (seen) =>
    withTools(seen) ? status(400, { object: "error", message: choice, type: "BadRequestError", code: 400 }) : say("Hm."),
  );
  assert.match(parser.lines, /^fail .*without --enable-auto-tool-choice\. → Start vLLM with --enable-auto-tool-choice.*hermes/m);
  const broken = await toolLines(t, {}, (seen) =>
    withTools(seen) ? status(400, { error: { message: "no tools here" } }) : say("Hm."),
  );
  assert.match(broken.lines, /^fail .*answers no request with tools: .*no tools here/m);
});

test("what the server let be known before is not told twice", async (t) => {
  const jinja = await toolLines(t, llamaServer({ jinja: false, counts: null }), (seen) =>
    seen.body.tools === undefined
      ? say("Hm.")
      : status(500, { error: { code: 500, message: "tools param requires --jinja flag" } }),
  );
  assert.equal(jinja.lines.match(/--jinja\.$/gm)?.length, 1, jinja.lines);
  assert.doesNotMatch(jinja.lines, /^warn/m);
  const kind = llamaServer({ caps: { supports_tools: false, supports_tool_calls: false } });
  const routes: typeof kind.routes = (asked) =>
    asked.path === "/apply-template"
      ? { status: 200, body: { prompt: "<|user|>Hm.<|assistant|>" } }
      : (kind.routes?.(asked) ?? null);
  const bare = await toolLines(t, { ...kind, routes }, perfect);
  assert.match(bare.lines, /^fail .*The chat template leaves out the tool/m);
  assert.doesNotMatch(bare.lines, /^warn .*has no place for tools/m);
});

test("a closed port, a wrong key and a wrong name: the check of the model fails, and no minute is spent on a probe", async (t) => {
  await using locked = await modelServerWith({ apiKey: "sesame", strict: false }, perfect);
  const env = { OPENAI_BASE_URL: locked.url };
  const wrong = await doctor(await heldHome(t), { ...env, OPENAI_API_KEY: "wrong" });
  assert.match(
    wrong.lines.join("\n"),
    /^fail +model\.server .*401[^]*^warn +tools\.probe +Not probed: .*does not accept the key \(401\)\.$/m,
  );
  assert.equal(locked.seen.length, 0);
  const gone = await modelServerWith({}, perfect);
  await gone.close();
  const closed = await doctor(await heldHome(t), { ...env, OPENAI_BASE_URL: gone.url });
  assert.match(
    closed.lines.join("\n"),
    /^fail +model\.server [^]*^warn +tools\.probe +Not probed: no model server answers at \S+ \(connection refused\)\.$/m,
  );
  for (const { status: code, lines } of [wrong, closed]) {
    assert.equal(code, 1);
    assert.equal(lines.filter((line) => / tools\./.test(line)).length, 1, "nothing is said of a model that is not there");
  }
});

test("calls that are lost in streams, or are others there, are the server's fault and named so", async (t) => {
  const kind = rendering((conversation) => `${conversation}<|im_end|>\n<|im_start|>assistant\n`);
  const comparing = (seen: Seen): boolean => JSON.stringify(seen.body.messages).includes("{a: [1, 2]}");
  const stream =
    (instead: Responder): Responder =>
    (seen, count) =>
      comparing(seen) && seen.body.stream !== false ? instead(seen, count) : perfect(seen);
  const lost = await toolLines(
    t,
    kind,
    stream(() => say("Done.")),
  );
  assert.match(lost.lines, /^fail .*finds calls in whole answers and loses them in streams\. → .*bring the server up to date/m);
  assert.equal(lost.status, 1);
  const other = await toolLines(
    t,
    kind,
    stream(() => call("terminal", { command: "true" })),
  );
  assert.match(other.lines, /^warn .*A streamed call differs/m);
});

test("advice names an effort only where the template reads it", () => {
  const facts = {
    kind: "llama-server",
    version: null,
    window: null,
    slots: null,
    vision: null,
    tools: true,
    remarks: [],
  } as const;
  const advice = (effort: boolean | null, thinking: boolean | null, now: "none" | "medium" | "high") =>
    adviceFor({ ...facts, effort, thinking }, now, "qwen3.5-4b");
  assert.match(advice(true, null, "medium"), /^Set agent\.reasoning_effort to high: the template reads it\./);
  assert.match(advice(true, null, "high"), /as high as this template reads it already/);
  assert.match(advice(false, true, "none"), /set agent\.reasoning_effort to medium/);
  assert.match(advice(false, true, "medium"), /in chats the model thinks/);
  assert.match(advice(false, false, "medium"), /would change nothing/);
  assert.match(advice(null, null, "medium"), /unknown: the server does not tell/);
  assert.doesNotMatch(advice(null, null, "medium"), /Qwen3\.5-4B/, "not the model that it is");
});

test("a template without tools, calls as text, a leaking cache, a model that is no good", async (t) => {
  const bare = await toolLines(
    t,
    rendering(() => "<|user|>Look it up.<|assistant|>"),
    perfect,
  );
  assert.match(bare.lines, /^fail .*template leaves out the tool, the call, the result\. → .*--jinja/m);
  const mute = await toolLines(
    t,
    rendering((conversation) => `${conversation}<|end|>`),
    perfect,
  );
  assert.match(mute.lines, /^warn .*does not hand the word to the model/m);
  const text = await toolLines(t, vllm(), textual);
  assert.match(text.lines, /^ok .*20 of 20 cases right/m);
  assert.match(
    text.lines,
    /^warn .*17 of 17 calls \(100 %\) came as text.*wrong --tool-call-parser or template.*→ Start vLLM with/m,
  );
  let kept = "";
  const leaking = await toolLines(t, llamaServer({ slots: 1 }), (seen) => {
    kept = /code word is (\S+)\./.exec(seen.raw)?.[1] ?? kept;
    return seen.body.tools === undefined ? say(kept) : perfect(seen);
  });
  assert.equal(leaking.status, 1);
  assert.match(leaking.lines, /^fail .*cache leaks.*in the very next request\. → .*--cache-ram 0 --no-cache-idle-slots/m);
  const poor = await toolLines(
    t,
    llamaServer({ slots: 1, model: "qwen3-8b.gguf", caps: { supports_reasoning_effort: false } }),
    clumsy,
  );
  assert.equal(poor.status, 1);
  assert.match(poor.lines, /^fail .*[01] of 20 cases right .* → .*Qwen3\.5-9B/m);
  assert.doesNotMatch(poor.lines, /Qwen3-8B \(/, "not the model that it is");
});
