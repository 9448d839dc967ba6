import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { webAccount, webChat } from "../../adapters/web/options.ts";
import { Failure } from "../../src/core/failures.ts";
import { openRig, type PageRig, type RigOptions, say, speaker, token } from "../e2e/page-rig.ts";
import { cookieOf, listen } from "./web-client.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function rigFor(t: TestContext, options: RigOptions = {}): Promise<PageRig> {
  const rig = await openRig(options);
  t.after(() => rig.close());
  return rig;
}

/** Plain HTTP, since `fetch` would not let the test choose Host, nor leave a path as it is. */
async function ask(
  rig: PageRig,
  path: string,
  headers: Record<string, string> = {},
  body: string | null = null,
): Promise<Answer> {
  const { port } = new URL(rig.origin);
  const sent = request({ host: "127.0.0.1", port, path, method: body === null ? "GET" : "POST", headers, agent: false });
  sent.end(body ?? undefined);
  const [response] = await once(sent, "response");
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece;
  return { status: response.statusCode, headers: response.headers, body: text };
}

const json = { "content-type": "application/json" };
const id = "11111111-2222-4333-8444-555555555555";

test("everything but the probes needs the token, and nothing leads out of the page's files", async (t) => {
  const rig = await rigFor(t);
  const paths = ["/", "/page.js", "/page.css", "/api/history", "/api/status", "/api/events", "/nowhere", "/?token=", "/?token=x"];
  for (const path of paths) {
    const { status, headers, body } = await ask(rig, path);
    assert.equal(status, 401, path);
    assert.match(body, /address that was printed/);
    assert.match(String(headers["content-security-policy"]), /script-src 'self';/);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["set-cookie"], undefined);
  }
  const cookie = await cookieOf(rig);
  for (const path of [
    "/../package.json",
    "/..%2f..%2fpackage.json",
    "/page/../../index.ts",
    "/%2e%2e/index.ts",
    "/index.ts",
    "/%",
  ]) {
    const { status, body } = await ask(rig, path, { cookie });
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.doesNotMatch(body, /hermes-team|createWeb/);
  }
});

test("the token is exchanged for a strict cookie that does not hold it", async (t) => {
  const rig = await rigFor(t);
  const { status, headers, body } = await ask(rig, `/?token=${token}`);
  assert.equal(status, 200);
  assert.match(body, /<!doctype html>/);
  assert.doesNotMatch(body, /<script>|style=|onclick/);
  assert.match(String(headers["set-cookie"]), /^hermes_\d+=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=\//);
  assert.equal((await ask(rig, "/api/history?token=" + token)).status, 401);
});

test("other names, other sites and other ports of this machine are refused", async (t) => {
  const rig = await rigFor(t);
  const cookie = await cookieOf(rig);
  const { host } = new URL(rig.origin);
  const statusOf = async (path: string, headers: Record<string, string>, body: string | null = null) =>
    (await ask(rig, path, { cookie, ...headers }, body)).status;
  for (const name of ["evil.example", "127.0.0.1.evil.example:8420", "10.0.0.1", "evil@127.0.0.1"]) {
    assert.notEqual(await statusOf("/api/status", { host: name }), 200, name);
    assert.notEqual(await statusOf("/metrics", { host: name }), 200, name);
  }
  assert.equal(await statusOf("/api/status", { host: host.replace("127.0.0.1", "localhost") }), 200);
  const body = JSON.stringify({ id, text: "hi" });
  for (const origin of ["http://evil.example", "http://127.0.0.1:3000", "null", "not an origin"]) {
    assert.equal(await statusOf("/api/messages", { ...json, origin }, body), 403, origin);
  }
  assert.equal(await statusOf("/api/messages", { "content-type": "text/plain", origin: rig.origin }, body), 400);
  assert.equal(await statusOf("/api/history", { "sec-fetch-site": "same-site" }), 403);
  assert.deepEqual(rig.received, []);
  assert.equal(await statusOf("/api/messages", { ...json, origin: rig.origin }, body), 202);
});

test("an event is acknowledged only when the inbox has it, and carries a key of its own", async (t) => {
  let store: (() => void) | null = null;
  const rig = await rigFor(t, { receive: () => new Promise((resolve) => (store = resolve)) });
  const headers = { ...json, cookie: await cookieOf(rig) };
  const order: string[] = [];
  const sending = ask(rig, "/api/messages", headers, JSON.stringify({ id, text: " hi\n" })).then((answer) => {
    order.push("answered");
    return answer;
  });
  while (!store) await new Promise(setImmediate);
  order.push("stored");
  (store as () => void)();
  assert.equal((await sending).status, 202);
  assert.deepEqual(order, ["stored", "answered"]);
  const [message] = rig.received;
  assert.ok(message?.type === "message");
  const { at, ...rest } = message;
  assert.ok(Math.abs(at - Date.now()) < 5_000);
  assert.deepEqual(rest, {
    type: "message",
    key: `web:${id}`,
    chat: webChat,
    kind: "private",
    sender: webAccount,
    text: " hi\n",
    messageId: id,
    addressed: true,
  });
});

test("stop and button presses arrive as such; nonsense does not", async (t) => {
  const rig = await rigFor(t);
  const headers = { ...json, cookie: await cookieOf(rig) };
  const post = async (path: string, body: unknown) => (await ask(rig, path, headers, JSON.stringify(body))).status;
  assert.equal(await post("/api/stop", { id, turn: "t1" }), 202);
  assert.equal(await post("/api/press", { id, data: "approve:7" }), 202);
  assert.deepEqual(
    rig.received.map(({ type, key }) => [type, key]),
    [
      ["stop", `web:stop:${id}`],
      ["button", `web:press:${id}`],
    ],
  );
  for (const body of [null, 7, {}, { id, text: "" }, { id, text: "  " }, { id: "a:b", text: "x" }, { id, text: ["x"] }]) {
    assert.equal(await post("/api/messages", body), 400, JSON.stringify(body));
  }
  assert.equal((await ask(rig, "/api/messages", headers, "{")).status, 400);
  assert.equal(await post("/api/messages", { id, text: "x".repeat(2_000_000) }), 413);
  assert.equal(await post("/api/messages", { id, text: "ж".repeat(100_000) }), 202);
  assert.equal(rig.received.length, 3);
});

test("an unavailable inbox, and a paused adapter, answer 503 with a line for the person", async (t) => {
  let broken = true;
  const rig = await rigFor(t, {
    async receive() {
      if (broken) throw new Failure("state.unavailable", "ECONNREFUSED 10.1.1.1:5432");
    },
  });
  const headers = { ...json, cookie: await cookieOf(rig) };
  const send = () => ask(rig, "/api/messages", headers, JSON.stringify({ id, text: "x" }));
  const { status, body } = await send();
  assert.equal(status, 503);
  assert.match(body, /send it again/);
  assert.doesNotMatch(body, /ECONNREFUSED/);
  broken = false;
  assert.equal((await send()).status, 202);
  await rig.web.pause();
  assert.equal((await send()).status, 503);
  assert.ok(await say(rig.web, "sends still work"));
});

test("the probes answer without the token", async (t) => {
  const rig = await rigFor(t);
  const health = await ask(rig, "/health");
  assert.deepEqual([health.status, JSON.parse(health.body)], [200, { ok: true, uptime: 1 }]);
  const ready = await ask(rig, "/ready");
  assert.deepEqual([ready.status, JSON.parse(ready.body)], [503, { ok: false, queue: "no answer" }]);
  assert.equal((await ask(rig, "/metrics")).body, "turns_total 3\n");
});

test("beyond loopback the page is served under addresses only, the probes under any name", async (t) => {
  const rig = await rigFor(t, { host: "0.0.0.0" });
  assert.match(rig.web.address() ?? "", /^http:\/\/127\.0\.0\.1:\d+\/\?token=/);
  assert.equal((await ask(rig, "/health", { host: "gateway:8420" })).status, 200);
  assert.equal((await ask(rig, `/?token=${token}`, { host: "gateway:8420" })).status, 403);
  assert.equal((await ask(rig, `/?token=${token}`, { host: "192.168.1.5:8420" })).status, 200);
});

test("a taken port is a failure that names the port and the setting", async (t) => {
  const rig = await rigFor(t);
  const port = Number(new URL(rig.origin).port);
  await assert.rejects(openRig({ port }), (failure) => {
    assert.ok(failure instanceof Failure);
    assert.match(failure.message, new RegExp(String(port)));
    assert.match(failure.advice ?? "", /HERMES_HTTP_PORT/);
    return true;
  });
});

test("deltas are sent together, once, in order, and old or repeated events are dropped", async (t) => {
  const rig = await rigFor(t);
  const page = await listen(rig);
  t.after(() => page.close());
  await page.next("fresh");
  const tell = speaker(rig.web, "t1", null);
  for (let n = 0; n < 1_000; n++) tell({ type: "text", delta: `${n} ` });
  speaker(rig.web, "t1", null)({ type: "text", delta: "again" });
  tell({ type: "finished", end: "answered" });
  const { data } = await page.next("turn");
  const expected = Array.from({ length: 1_000 }, (_, n) => `${n} `).join("");
  assert.deepEqual(data["events"], [
    { type: "text", delta: expected },
    { type: "finished", end: "answered" },
  ]);
});

test("a page that was away catches up; one from before a restart starts afresh with the running turn", async (t) => {
  const rig = await rigFor(t);
  const page = await listen(rig);
  await page.next("fresh");
  await say(rig.web, "one");
  const { lastId } = await page.next("post");
  page.close();
  await say(rig.web, "two");
  speaker(rig.web, "t1", "m1")({ type: "started" }, { type: "text", delta: "half" });
  const back = await listen(rig, lastId);
  t.after(() => back.close());
  const { data } = await back.next("post");
  assert.match(JSON.stringify(data), /two/);
  assert.deepEqual((await back.next("turn")).data["events"], [{ type: "started" }, { type: "text", delta: "half" }]);
  const stranger = await listen(rig, "otherone-3");
  t.after(() => stranger.close());
  const fresh = await stranger.next("fresh");
  const events = [{ type: "started" }, { type: "text", delta: "half" }];
  assert.deepEqual(fresh.data["turns"], [{ turn: "t1", replyTo: "m1", fence: 1, events }]);
});

test("a worker that takes over begins the step again; its predecessor is not heard any more", async (t) => {
  const rig = await rigFor(t);
  const old = speaker(rig.web, "t1", "m1", 1);
  old(
    { type: "started" },
    { type: "tool.started", call: "c", tool: "terminal", preview: "$ ls" },
    { type: "text", delta: "Hal" },
  );
  speaker(rig.web, "t1", "m1", 2)({ type: "started" }, { type: "text", delta: "Half" });
  old({ type: "text", delta: "stale" });
  const page = await listen(rig);
  t.after(() => page.close());
  const { data } = await page.next("fresh");
  assert.doesNotMatch(JSON.stringify(data), /stale|"Hal"/);
  assert.match(JSON.stringify(data), /"\$ ls".*"Half"/);
});

test("a page that does not read is cut off instead of filling the memory", async (t) => {
  const rig = await rigFor(t);
  const cookie = await cookieOf(rig);
  const slow = connect(Number(new URL(rig.origin).port), "127.0.0.1");
  t.after(() => slow.destroy());
  slow.pause();
  slow.write(`GET /api/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: ${cookie}\r\n\r\n`);
  const healthy = await listen(rig);
  t.after(() => healthy.close());
  const closed = once(slow, "close");
  slow.on("error", () => {});
  for (let n = 0; n < 60; n++) {
    await say(rig.web, `${n} ${"x".repeat(150_000)}`);
    await healthy.next("post");
  }
  slow.resume();
  await closed;
});

test("Markdown becomes safe HTML", async (t) => {
  const rig = await rigFor(t, {
    history: [
      { id: "p", role: "person", markdown: "<b>raw</b>", at: 1 },
      {
        id: "a",
        role: "agent",
        at: 2,
        markdown:
          '# T\n\nSee <script>x</script> a & b [ok](https://a.example/?q="x") [bad](javascript:x) [data](data:text/html,x) <https://b.example>\n\n' +
          '![pic](https://c.example/p.png)\n\n- one\n- [x] two\n\n| l | r |\n|---|--:|\n| 1 | `2` |\n\n```js"onx\nif (a<b) {}\n```\n\n[ref][r]\n\n[r]: mailto:x@y.example',
      },
    ],
  });
  const { body } = await ask(rig, "/api/history", { cookie: await cookieOf(rig) });
  const { items } = JSON.parse(body);
  assert.equal(items[0].text, "<b>raw</b>");
  const { html } = items[1];
  assert.deepEqual(
    [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href),
    ["https://a.example/?q=%22x%22", "https://b.example/", "https://c.example/p.png", "mailto:x@y.example"],
  );
  for (const part of [
    "<h2>T</h2>",
    "&lt;script&gt;x&lt;/script&gt;",
    "a &amp; b",
    "<li>one</li>",
    "☑",
    '<th class="right">r</th>',
  ]) {
    assert.ok(html.includes(part), `${part} is missing in ${html}`);
  }
  assert.ok(html.includes('data-language="js&quot;onx"') && html.includes("if (a&lt;b) {}"));
  assert.doesNotMatch(html, /<(img|script|iframe|style)|javascript:|data:text/);
});
