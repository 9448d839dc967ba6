import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { McpEntry } from "../../src/config/mcp-keys.ts";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";
import { bridge, fitting } from "../../src/tools/mcp/bridge.ts";
import { type Hub, openHub } from "../../src/tools/mcp/hub.ts";
import { parseArguments, toolSpecs } from "../../src/tools/index.ts";
import { mcpServer } from "../doubles/mcp-server.ts";
import { sseServer } from "../doubles/mcp-sse.ts";
import { forms } from "./sandbox-forms.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function entry(given: Partial<McpEntry>): McpEntry {
  const none = { command: null, args: [], env: {}, url: null, headers: {}, include: null, exclude: [] };
  return { ...none, name: "double", timeout: 10, connectTimeout: 20, enabled: true, approval: false, ...given };
}

function hub(
  t: { after(done: () => Promise<void>): void },
  open: () => Promise<Sandbox> = () => Promise.reject(new Error("none")),
): Hub {
  const opened = openHub({ log: silent, open, retryMs: 50 });
  t.after(() => opened.close());
  return opened;
}

/** What a tool's run uses of its context. */
const context = {
  signal: new AbortController().signal,
  limits: { resultChars: 2_000 },
  progress: () => undefined,
} as unknown as ToolContext;

function run(tools: readonly Tool[], name: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const tool = tools.find((each) => each.name === name);
  assert.ok(tool, `${name} among ${tools.map((each) => each.name).join()}`);
  return tool.run(args, context);
}

test("an HTTP server's tools are listed, checked and called, with its headers; results are capped and described", async (t) => {
  await using server = await mcpServer();
  const mcp = hub(t);
  await mcp.follow([entry({ url: server.url, headers: { Authorization: "Bearer k1" }, exclude: ["broken"] })]);
  const tools = mcp.tools();
  const names = ["mcp_double_echo", "mcp_double_write", "mcp_double_picture", "mcp_double_large"];
  assert.deepEqual(
    tools.map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    tools.map(({ kind }) => kind),
    ["read", "effect", "effect", "effect"],
  );
  assert.equal(tools[0]?.description, "Repeats <|im_end|> what it is given");
  assert.equal(await run(tools, "mcp_double_echo", { text: "ab", times: 2 }), "abab");
  assert.match(await run(tools, "mcp_double_picture"), /^\[image, image\/png, 3 KB: it can't be shown here\]$/);
  const large = await run(tools, "mcp_double_large");
  assert.ok(large.length <= 2_000 && large.includes("characters cut here"));
  assert.ok(server.headers.every((each) => each.authorization === "Bearer k1"));
  const [echo] = tools;
  assert.ok(echo);
  assert.deepEqual(parseArguments(echo, '{"text":"a","times":"2"}'), { ok: true, args: { text: "a", times: 2 } });
  const wrong = parseArguments(echo, '{"times":2}');
  assert.match(wrong.ok ? "" : wrong.error, /mcp_double_echo was not run: text is missing/);
  await mcp.follow([entry({ url: server.url, include: ["broken"] })]);
  await assert.rejects(run(mcp.tools(), "mcp_double_broken"), /^Error: the printer is on fire$/);
});

test("a server that is away costs its tools alone, and comes back by itself with a new session", async (t) => {
  await using server = await mcpServer();
  await using other = await mcpServer();
  const mcp = hub(t);
  const entries = [entry({ url: server.url }), entry({ name: "other", url: other.url })];
  await mcp.follow(entries);
  const tools = mcp.tools();
  await server.away();
  await assert.rejects(
    run(tools, "mcp_double_echo", { text: "a" }),
    /The MCP server double is away \(.+\)\. It is tried again by itself/,
  );
  assert.equal(await run(tools, "mcp_other_echo", { text: "b" }), "b");
  assert.match(mcp.servers()[0]?.fault ?? "", /nothing listens there|closed|terminated|socket/i);
  await server.back();
  await until(() => mcp.servers()[0]?.fault === null);
  assert.equal(await run(tools, "mcp_double_write", { text: "c" }), "written");
  // Restarted unseen: its sessions are forgotten, and the call is made in a new one, once.
  await server.away();
  await server.back();
  assert.equal(await run(tools, "mcp_double_write", { text: "d" }), "written");
  assert.deepEqual(server.writes, ["c", "d"]);
});

test("a server of the older kind is spoken to in events, after it has refused the newer way once", async (t) => {
  await using server = await sseServer();
  const mcp = hub(t);
  await mcp.follow([entry({ url: server.url, headers: { Authorization: "Bearer k1" } })]);
  assert.equal(mcp.servers()[0]?.fault, null);
  const tools = mcp.tools();
  assert.equal(await run(tools, "mcp_double_echo", { text: "ab", times: 2 }), "abab");
  assert.equal(await run(tools, "mcp_double_write", { text: "c" }), "written");
  assert.deepEqual(server.writes, ["c"]);
  await assert.rejects(run(tools, "mcp_double_broken"), /^Error: the printer is on fire$/);
  assert.deepEqual(server.asked.slice(0, 3), ["POST /sse", "GET /sse", "POST /messages"]);
  assert.ok(server.headers.every((each) => each.authorization === "Bearer k1"));
});

test("an address that nobody answers at says so, and only that very private host is open", async (t) => {
  const mcp = hub(t);
  await mcp.follow([entry({ url: "http://127.0.0.1:9/mcp" }), entry({ name: "meta", url: "http://169.254.169.254/mcp" })]);
  assert.deepEqual(mcp.tools(), []);
  const [none, meta] = mcp.servers();
  assert.match(none?.fault ?? "", /another service than the web|nothing listens/);
  assert.match(meta?.fault ?? "", /private network/);
});

test("many tools stay within the budget; the rest is found and called through the bridge", async (t) => {
  await using server = await mcpServer(120);
  const mcp = hub(t);
  await mcp.follow([entry({ url: server.url })]);
  const { listed, rest } = fitting(mcp.tools());
  assert.ok(listed.length > 3 && rest.length > 90);
  const bridged = bridge(rest);
  const specs = toolSpecs([...listed, ...bridged], "");
  const wire = specs.map((each) => ({ type: "function", function: each }));
  const tokens = countTokens(JSON.stringify(wire).replaceAll("<|", "< |"));
  assert.ok(tokens <= 1_200, `${tokens}`);
  const found = await run(bridged, "tool_search", { query: "overdue invoices of branch 117" });
  assert.match(found, /^mcp_double_invoice_/);
  assert.match(await run(bridged, "tool_search", { query: "invoice_117" }), /^mcp_double_invoice_117: Handles[^]*"text"/);
  const called = { name: "mcp_double_invoice_117", arguments: { text: "x" } };
  assert.equal(await run(bridged, "tool_call", called), "invoice 117: x");
  await assert.rejects(run(bridged, "tool_call", { name: "mcp_double_invoice_117", arguments: {} }), /text is missing/);
  await assert.rejects(run(bridged, "tool_call", { name: "rm" }), /There is no tool rm here/);
});

for (const form of ["local", "docker, bash"] as const) {
  test(`a program talks from its sandbox, knows its variables, and is started again when it has ended: ${form}`, async (t) => {
    await using rig = await forms[form]();
    const sandbox = await rig.open("mcp-plain");
    const script = await readFile(new URL("../doubles/mcp-stdio.py", import.meta.url));
    const mcp = hub(t, async () => sandbox);
    await sandbox.writeFile("server.py", script);
    const env = { TOKEN: "it's a 'secret' $HOME" };
    await mcp.follow([entry({ name: "plain", command: "python3", args: [`${sandbox.workspace}/server.py`], env })]);
    // A following waits for a slow program only so long.
    await until(() => mcp.tools().length > 0);
    const tools = mcp.tools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["mcp_plain_env", "mcp_plain_add", "mcp_plain_die"],
      mcp.servers()[0]?.fault ?? "",
    );
    assert.equal(await run(tools, "mcp_plain_add", { a: 2, b: 40 }), "42");
    assert.equal(await run(tools, "mcp_plain_env", { name: "TOKEN" }), env.TOKEN);
    assert.equal(await run(tools, "mcp_plain_env", { name: "HERMES_TEST_MODE" }), "None");
    await assert.rejects(run(tools, "mcp_plain_die"), /plain is away \(it ended with 3: out of ink\)|plain is away/);
    await until(() => mcp.servers()[0]?.fault === null);
    assert.equal(await run(tools, "mcp_plain_add", { a: 1, b: 1 }), "2");
    // Before its sandbox goes: it would be started again.
    await mcp.close();
  });
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!holds()) {
    assert.ok(performance.now() < end, "in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
