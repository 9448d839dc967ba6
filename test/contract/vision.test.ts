import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { ToolContext } from "../../src/core/tool.ts";
import { modes } from "../../src/model/modes/index.ts";
import { toolSpecs, tools } from "../../src/tools/index.ts";
import { visionAnalyze } from "../../src/tools/vision-analyze.ts";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { asking } from "../doubles/model-server-client.ts";
import { llamaServer, lmStudio } from "../doubles/server-kinds.ts";
import { lastOf, openTalk } from "../flow/talk-rig.ts";

/** A PNG of one red dot. */
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

test("a picture goes out in each API's form", () => {
  const wire = { model: "m", maxTokens: 100, progress: false };
  const request = asking([{ role: "user", content: "What is it?", images: [{ mediaType: "image/png", data: dot }] }]);
  const url = `data:image/png;base64,${dot}`;
  const content = (body: Readonly<Record<string, unknown>>, list: string) => (body[list] as { content: unknown }[])[0]?.content;
  assert.deepEqual(content(modes.chat_completions.body(request, wire), "messages"), [
    { type: "text", text: "What is it?" },
    { type: "image_url", image_url: { url } },
  ]);
  assert.deepEqual(content(modes.responses.body(request, wire), "input"), [
    { type: "input_text", text: "What is it?" },
    { type: "input_image", detail: "auto", image_url: url },
  ]);
  assert.deepEqual(content(modes.anthropic_messages.body(request, wire), "messages"), [
    { type: "image", source: { type: "base64", media_type: "image/png", data: dot } },
    { type: "text", text: "What is it?", cache_control: { type: "ephemeral" } },
  ]);
});

test("what is no picture, or nowhere, is refused before a model is asked; the tool is small", async () => {
  const files: Readonly<Record<string, string>> = {
    "a.png": "<svg/>",
    "b.txt": "\x89PNG\r\n\x1a\nrest",
    "c.webp": "RIFF1234WEBPVP8 ",
  };
  const asked: string[] = [];
  const context = {
    sandbox: async () => ({ readFile: async (path: string) => Buffer.from(files[path] ?? "", "latin1") }),
    pictures: {
      fetch: () => assert.fail("no web"),
      ask: async (image: { mediaType: string }) => (asked.push(image.mediaType), "seen"),
    },
  } as unknown as ToolContext;
  const look = (place: string) => visionAnalyze.run({ image_url: place, question: "What?" }, context);
  await assert.rejects(look("a.png"), /a\.png is no picture that models take: it must be PNG, JPEG, GIF or WebP/);
  await assert.rejects(look("file:///etc/passwd"), /neither a path in the workspace nor a web address/);
  assert.equal(await look("b.txt"), "seen");
  assert.equal(await look("c.webp"), "seen");
  assert.deepEqual(asked, ["image/png", "image/webp"]);
  const [spec] = toolSpecs(
    tools.filter(({ name }) => name === "vision_analyze"),
    "",
  );
  const tokens = countTokens(JSON.stringify(spec));
  assert.ok(tokens <= 60, `${tokens}`);
});

function names(seen: Seen | undefined): readonly string[] {
  return (seen?.body.tools ?? []).map((tool) => tool.function.name);
}

test("a model that doesn't see is not offered the tool; with auxiliary.vision another one looks for it", async () => {
  await using blind = await openTalk({ server: llamaServer(), config: "terminal: {backend: virtual}\n" });
  const { seen } = await blind.ask("hello", () => say("hello"));
  assert.ok(!names(seen[0]).includes("vision_analyze"));
  await using eye = await modelServerWith({ strict: false, ...lmStudio() }, () => say("a red dot"));
  const page = createServer((_request, response) => response.end(Buffer.from(dot, "base64"))).listen(0, "127.0.0.1");
  await once(page, "listening");
  // Boundary: a TCP server's address is never text.
  const { port } = page.address() as AddressInfo;
  const config = `terminal: {backend: virtual}\nsecurity: {allow_private_urls: [127.0.0.1]}\nauxiliary: {vision: {base_url: "${eye.url}"}}\n`;
  await using rig = await openTalk({ server: llamaServer(), config });
  const steps = [
    call("terminal", { command: `echo ${dot} | base64 -d > dot.png` }),
    call("vision_analyze", { image_url: "dot.png", question: "Which colour?" }),
    call("vision_analyze", { image_url: `http://127.0.0.1:${port}/dot`, question: "And this?" }),
    call("vision_analyze", { image_url: "http://169.254.169.254/dot.png", question: "?" }),
  ];
  const asked = await rig.ask("look", (_seen, count) => steps[count] ?? say("done"));
  page.close();
  assert.ok(names(asked.seen[0]).includes("vision_analyze"));
  assert.deepEqual(asked.seen.slice(2, 4).map(lastOf), ["a red dot", "a red dot"]);
  assert.match(lastOf(asked.seen[4]), /private network/);
  assert.equal(eye.seen.length, 2);
  const [content] = eye.seen.map(({ body }) => body.messages[0]?.content);
  assert.deepEqual(content, [
    { type: "text", text: "Which colour?" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${dot}` } },
  ]);
});
