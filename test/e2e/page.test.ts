import assert from "node:assert/strict";
import { test } from "node:test";
import { webChat } from "../../adapters/web/options.ts";
import { Failure } from "../../src/core/failures.ts";
import { ask, inBrowser, messageId } from "./browser.ts";
import { openRig, say, speaker, token } from "./page-rig.ts";

const open = inBrowser();

test("the printed address opens the page, and the token leaves the address bar", async (t) => {
  const { rig, page, problems } = await open(t);
  await page.locator("#empty").waitFor();
  assert.equal(page.url(), `${rig.origin}/`);
  assert.equal(await page.locator("#suggestions button").count(), 3);
  assert.equal(await page.locator("#model").textContent(), "qwen3-8b");
  const [cookie] = await page.context().cookies();
  assert.ok(cookie?.httpOnly && cookie.sameSite === "Strict" && !cookie.value.includes(token));
  assert.equal(await page.locator("#banner").isVisible(), false);
  await page.reload();
  await page.locator("#empty").waitFor();
  assert.deepEqual(problems, []);
});

test("a wrong token gets a sentence that says what to do", async (t) => {
  const { rig, page } = await open(t);
  await page.context().clearCookies();
  const response = await page.goto(`${rig.origin}/?token=wrong`);
  assert.equal(response?.status(), 401);
  assert.match((await page.textContent("body")) ?? "", /address that was printed/);
});

test("a question is answered: thoughts, tool, streamed text, then the final text in its place", async (t) => {
  const { rig, page, problems } = await open(t);
  const id = await ask(rig, page, "which system?");
  const tell = speaker(rig.web, "t1", id);
  tell({ type: "started" }, { type: "step", step: 1 }, { type: "reading", done: 4096, total: 5009 });
  await page.getByText("Reading 4,096/5,009").waitFor();
  tell({ type: "reasoning", delta: "I should look." });
  tell({ type: "tool.started", call: "c1", tool: "terminal", preview: "$ uname -a" });
  await page.locator(".tool.running").waitFor();
  await page.locator("#stop").waitFor();
  tell({ type: "tool.output", call: "c1", chunk: "Linux box\n" });
  tell({ type: "tool.finished", call: "c1", tool: "terminal", ok: true, ms: 1234 });
  await page.locator(".tool.done").waitFor();
  assert.match((await page.locator(".tool summary").textContent()) ?? "", /✓terminal\$ uname -a1\.2 s/);
  tell({ type: "step", step: 2 }, { type: "text", delta: "It runs **Li" }, { type: "text", delta: "nux**." });
  await page.locator(".preview strong", { hasText: "Linux" }).waitFor();
  tell({ type: "finished", end: "answered" });
  await say(rig.web, "It runs **Linux**.", id);
  await page.locator(".agent .body strong", { hasText: "Linux" }).waitFor();
  assert.equal(await page.locator(".preview").count(), 0);
  assert.equal(await page.locator(".message").count(), 2);
  assert.equal(await page.locator("#stop").isVisible(), false);
  assert.equal(await page.locator(".thought").getAttribute("open"), null);
  assert.deepEqual(problems, []);
});

test("the final text settles the turn even when it overtakes the last events", async (t) => {
  const { rig, page } = await open(t);
  const id = await ask(rig, page, "quick");
  const tell = speaker(rig.web, "t1", id);
  tell({ type: "started" }, { type: "text", delta: "Don" });
  await say(rig.web, "Done.", id);
  tell({ type: "text", delta: "e." }, { type: "finished", end: "answered" });
  await page.locator(".agent .body", { hasText: "Done." }).waitFor();
  await say(rig.web, "Later word.");
  await page.locator(".agent .body", { hasText: "Later word." }).waitFor();
  assert.equal(await page.locator(".agent").count(), 2);
});

test("the stop button names the running turn; Shift+Enter only breaks the line", async (t) => {
  const { rig, page } = await open(t);
  await page.locator("#text").fill("first");
  await page.locator("#text").press("Shift+Enter");
  await page.locator("#text").pressSequentially("second");
  const arrived = rig.next("message");
  await page.locator("#text").press("Enter");
  const message = await arrived;
  assert.equal(message.type === "message" && message.text, "first\nsecond");
  const tell = speaker(rig.web, "t7", messageId(message));
  tell({ type: "started" });
  const stopped = rig.next("stop");
  await page.locator("#stop").click();
  const stop = await stopped;
  assert.equal(stop.type === "stop" && stop.turn, "t7");
  tell({ type: "finished", end: "stopped" });
  await page.getByText("Stopped.").waitFor();
  assert.equal(await page.locator("#stop").isVisible(), false);
});

test("a turn that waited for a person runs again once there is an answer, and can be stopped", async (t) => {
  const { rig, page } = await open(t);
  const id = await ask(rig, page, "clean up");
  const tell = speaker(rig.web, "t8", id);
  tell({ type: "started" }, { type: "finished", end: "parked" });
  await page.locator("#stop").waitFor({ state: "hidden" });
  assert.equal(await page.locator(".turn[aria-busy]").count(), 0);
  speaker(rig.web, "t8", id, 2)({ type: "started" });
  await page.locator("#stop").waitFor();
  assert.equal(await page.locator(".turn[aria-busy=true]").count(), 1);
  const stopped = rig.next("stop");
  await page.locator("#stop").click();
  const stop = await stopped;
  assert.equal(stop.type === "stop" && stop.turn, "t8");
});

test("a reload in the middle of a stream shows the history and the running turn again", async (t) => {
  const { rig, page } = await open(t);
  const id = await ask(rig, page, "tell me a story");
  rig.history.push({ id, role: "person", markdown: "tell me a story", at: 1 });
  const tell = speaker(rig.web, "t1", id);
  tell({ type: "started" }, { type: "tool.started", call: "c", tool: "terminal", preview: "$ fortune" });
  tell({ type: "tool.finished", call: "c", tool: "terminal", ok: false, ms: 5 });
  tell({ type: "step", step: 2 }, { type: "text", delta: "Once upon" });
  await page.locator(".preview", { hasText: "Once upon" }).waitFor();
  await page.reload();
  await page.locator(".preview", { hasText: "Once upon" }).waitFor();
  assert.equal(await page.locator(".tool.failed").count(), 1);
  assert.equal(await page.locator(".person").count(), 1);
  tell({ type: "text", delta: " a time" });
  await page.locator(".preview", { hasText: "Once upon a time" }).waitFor();
  // The answer is in the record before it is posted: a page that loads in between must show it once.
  const tools = [{ call: "1-0", tool: "terminal", ok: false, ms: 5 }];
  rig.history.push({ id: "a1", role: "agent", markdown: "Once upon a time", tools, at: 2 });
  tell({ type: "finished", end: "answered" });
  await page.reload();
  await page.locator(".agent .body", { hasText: "Once upon a time" }).waitFor();
  await say(rig.web, "Once upon a time", id);
  await say(rig.web, "The end.");
  await page.locator(".agent", { hasText: "The end." }).waitFor();
  assert.equal(await page.locator(".agent", { hasText: "Once upon a time" }).count(), 1);
  assert.equal(await page.locator(".tool.failed").count(), 1);
});

test("markup in answers, streams, tools and people's own text stays text", async (t) => {
  const { rig, page, problems } = await open(t);
  const attack = `<img src=x onerror=alert(1)><script>alert(2)</script> [x](javascript:alert(3)) ![i](http://127.0.0.1:1/x.png) **b**`;
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  const id = await ask(rig, page, attack);
  const tell = speaker(rig.web, "t1", id);
  tell({ type: "started" }, { type: "reasoning", delta: attack }, { type: "notice", text: attack });
  tell({ type: "tool.started", call: "c", tool: "<b>t</b>", preview: attack });
  tell({ type: "tool.output", call: "c", chunk: attack });
  tell({ type: "step", step: 2 }, { type: "text", delta: attack });
  await page.locator(".preview strong").waitFor();
  assert.equal(await page.locator("#log :is(img, script, a)").count(), 0);
  await say(rig.web, attack, id);
  await page.locator(".agent .body strong").waitFor();
  assert.equal(await page.locator("#log :is(img, script)").count(), 0);
  assert.deepEqual(await page.locator("#log a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))), [
    "http://127.0.0.1:1/x.png",
  ]);
  assert.ok(requests.every((url) => url.startsWith(rig.origin)));
  assert.deepEqual(problems, []);
});

test("two tabs show the same conversation", async (t) => {
  const { rig, page } = await open(t);
  const other = await page.context().newPage();
  t.after(() => other.close());
  await other.goto(`${rig.origin}/`);
  await other.locator("#empty").waitFor();
  const id = await ask(rig, page, "from the first tab");
  await other.locator(".person", { hasText: "from the first tab" }).waitFor();
  speaker(rig.web, "t1", id)({ type: "started" }, { type: "text", delta: "both see" });
  await Promise.all([page, other].map((tab) => tab.locator(".preview", { hasText: "both see" }).waitFor()));
  await say(rig.web, "both see this", id);
  await Promise.all([page, other].map((tab) => tab.locator(".body", { hasText: "both see this" }).waitFor()));
  assert.equal(await page.locator(".person").count(), 1);
});

test("after a restart of the server the page comes back by itself and shows what it missed", async (t) => {
  const { rig, page } = await open(t);
  await ask(rig, page, "hello");
  const port = Number(new URL(rig.origin).port);
  await rig.close();
  await page.locator("#connection", { hasText: "Connection lost" }).waitFor();
  const second = await openRig({
    port,
    history: [
      { id: "p1", role: "person", markdown: "hello", at: 1 },
      { id: "a1", role: "agent", markdown: "answered meanwhile", at: 2 },
    ],
  });
  t.after(() => second.close());
  await page.locator(".agent", { hasText: "answered meanwhile" }).waitFor();
  await page.locator("#connection").waitFor({ state: "hidden" });
  assert.equal(await page.locator(".person").count(), 1);
});

test("a message that could not be stored is kept and can be sent again under the same key", async (t) => {
  let broken = true;
  const keys: string[] = [];
  const { rig, page } = await open(t, {
    async receive({ key }) {
      keys.push(key);
      if (broken) throw new Failure("state.unavailable", "the database is away");
    },
  });
  await page.locator("#empty").waitFor();
  await page.locator("#text").fill("keep me");
  await page.locator("#send").click();
  await page.locator(".unsent", { hasText: "send it again" }).first().waitFor();
  broken = false;
  const arrived = rig.next("message");
  await page.getByRole("button", { name: "Send again" }).click();
  await arrived;
  await page.locator("p.unsent").waitFor({ state: "detached" });
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});

test("buttons are shown, survive a reload, send what they carry, and go when edited away", async (t) => {
  const { rig, page } = await open(t);
  const [chunk] = rig.web.render("May I run `rm -r build`?");
  assert.ok(chunk);
  const buttons = [{ label: "Allow", data: "ok:1" }];
  await page.locator("#empty").waitFor();
  const id = await rig.web.post(webChat, chunk, { replyTo: null, buttons });
  await page.getByRole("button", { name: "Allow" }).waitFor();
  await page.reload();
  const pressed = rig.next("button");
  await page.getByRole("button", { name: "Allow" }).click();
  const button = await pressed;
  assert.equal(button.type === "button" && button.data, "ok:1");
  await rig.web.edit(webChat, id, { markdown: "Allowed." }, {});
  await page.locator(".agent", { hasText: "Allowed." }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Allow" }).count(), 0);
});

test("the banner says that a script answers; New chat sends /new and clears the page", async (t) => {
  const { rig, page } = await open(t, { status: { demonstration: true } });
  await page.locator("#banner", { hasText: "hermes model" }).waitFor();
  await ask(rig, page, "hello");
  const arrived = rig.next("message");
  await page.locator("#new").click();
  const message = await arrived;
  assert.equal(message.type === "message" && message.text, "/new");
  await page.locator("#empty").waitFor();
});

test("it fits a phone", async (t) => {
  const { rig, page } = await open(t, { status: { demonstration: true } });
  await page.setViewportSize({ width: 360, height: 640 });
  await say(rig.web, `A long word ${"x".repeat(300)}\n\n| a | b | c |\n|--|--|--|\n| ${"wide ".repeat(30)} | 2 | 3 |`);
  await page.locator(".agent table").waitFor();
  const width = await page.locator("html").evaluate((root) => root.scrollWidth);
  assert.ok(width <= 360, `the page is ${width} px wide`);
});

test("tens of thousands of hostile characters stream without freezing the page", async (t) => {
  const { rig, page, problems } = await open(t);
  const id = await ask(rig, page, "long");
  const tell = speaker(rig.web, "t1", id);
  tell({ type: "started" });
  const texts = ["[", "*a ", "`", "![](", "word ", "- x\n", "# h\n\n", "> "];
  for (const text of texts) tell({ type: "step", step: 1 }, { type: "text", delta: text.repeat(20_000 / text.length) });
  for (let n = 0; n < 500; n++) tell({ type: "text", delta: "and so on, word by word, without end, ".repeat(5) });
  tell({ type: "step", step: 9 }, { type: "text", delta: "nearly done" });
  const asked = performance.now();
  await page.locator(".preview", { hasText: "nearly done" }).waitFor();
  t.diagnostic(`drawn after ${(performance.now() - asked).toFixed(0)} ms`);
  await say(rig.web, "done", id);
  await page.locator(".agent .body", { hasText: "done" }).waitFor();
  assert.deepEqual(problems, []);
});

/** A PNG of one red dot. */
const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC", "base64");

test("files go in by button, drop, paste and microphone, with what may be sent said before, and are shown in the talk", async (t) => {
  const { rig, page, problems } = await open(t);
  await page.locator("#attach[title*='21.0 MB']").waitFor();
  await page.locator("#pick").setInputFiles([
    { name: "a <b>.txt", mimeType: "text/plain", buffer: Buffer.from("words") },
    { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
  ]);
  await page.locator(".chip.refused", { hasText: "empty" }).getByRole("button").click();
  await page.evaluate(`
    const carry = (part, name) => {
      const carried = new DataTransfer();
      carried.items.add(new File([part], name, { type: "application/any" }));
      return carried;
    };
    const drop = { dataTransfer: carry(new Uint8Array(${JSON.stringify([...dot])}), "dot.png"), bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent("drop", drop));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carry("%PDF", "p.pdf"), bubbles: true }));
  `);
  // Clicked twice, it asks for the microphone once.
  const asked = await page.evaluate(`
    const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const asked = [];
    navigator.mediaDevices.getUserMedia = (wanted) => (asked.push(wanted), given(wanted));
    for (let click = 0; click < 2; click += 1) document.querySelector("#record").click();
    asked.length;
  `);
  assert.equal(asked, 1);
  await page.locator("#record[aria-pressed=true]").click();
  await page.locator(".chip", { hasText: "voice.webm" }).waitFor();
  await page.locator("#send", { hasText: "Send" }).waitFor();
  const arrived = rig.next("message");
  await page.locator("#send").click();
  const message = await arrived;
  assert.ok(message.type === "message" && message.text === "");
  assert.deepEqual(
    message.files?.map(({ kind, name }) => [kind, name]),
    [
      ["document", "a <b>.txt"],
      ["picture", "dot.png"],
      ["document", "p.pdf"],
      ["voice", "voice.webm"],
    ],
  );
  const [words] = message.files ?? [];
  assert.ok(words && rig.web.fetchFile);
  assert.equal(Buffer.from(await rig.web.fetchFile(words, 100, AbortSignal.timeout(1_000))).toString(), "words");
  await assert.rejects(rig.web.fetchFile(words, 4, AbortSignal.timeout(1_000)), /larger than/);
  await page.waitForFunction(`document.querySelector(".person .file img")?.naturalWidth === 1`);
  assert.equal(await page.locator(".person .file img").getAttribute("alt"), "dot.png");
  assert.equal(await page.locator("#attached").locator(".chip").count(), 0);
  assert.deepEqual(problems, []);
});

test("files go out as downloads that no browser runs; pictures are shown, and a reload shows them once", async (t) => {
  const { rig, page } = await open(t);
  await page.locator("#empty").waitFor();
  const evil = Buffer.from("<script>alert(1)</script>");
  const file = { kind: "document", name: 'x"; .html', size: evil.length, path: "x.html" } as const;
  await rig.web.postFile?.(webChat, file, evil, { replyTo: null, key: "7:0" });
  const download = page.waitForEvent("download");
  await page.locator(".agent .file", { hasText: ".html" }).click();
  assert.match((await download).suggestedFilename(), /^x.+\.html$/);
  const answer = await page.request.get(`${rig.origin}/api/files/out-7`);
  const headers = answer.headers();
  assert.deepEqual(
    [headers["content-type"], headers["x-content-type-options"], headers["content-security-policy"]],
    ["application/octet-stream", "nosniff", "default-src 'none'; sandbox"],
  );
  assert.match(headers["content-disposition"] ?? "", /^attachment; filename\*=UTF-8''x%22%3B%20\.html$/);
  assert.equal((await fetch(`${rig.origin}/api/files/out-7`)).status, 401);
  await rig.web.postFile?.(webChat, { ...file, kind: "picture", name: "d.png" }, dot, { replyTo: null, key: "8:0" });
  await page.locator(".agent .file img").waitFor();
  const files = [{ id: "out-8", kind: "picture", name: "d.png", size: dot.length }] as const;
  rig.history.push({ id: "out-8", role: "agent", markdown: "", files, at: 2 });
  await page.reload();
  await page.locator(".agent .file img").waitFor();
  assert.equal(await page.locator(".agent").count(), 1);
});
