import assert from "node:assert/strict";
import { test } from "node:test";
import { modelServerWith, say } from "../doubles/model-server.ts";
import { openPage } from "./page-client.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";

/** Opens the page's events; gives a function that reads on until this text has come. */
async function listen(address: string, signal: AbortSignal): Promise<(pattern: RegExp) => Promise<string>> {
  const first = await fetch(address, { signal });
  const cookie = first.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const stream = await fetch(`${new URL(address).origin}/api/events`, { headers: { cookie }, signal });
  const reader = (stream.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async (pattern) => {
    for (;;) {
      const found = pattern.exec(text);
      if (found) return found[0];
      const { value, done } = await reader.read();
      if (done) throw new Error(`the page's events ended without ${pattern}: ${text}`);
      text += value;
    }
  };
}

test("a command before any conversation is answered on the open page, after a reload, and stays when the conversation begins", async () => {
  await using model = await modelServerWith({ strict: false, models: ["alpha"] }, () => say("good day"));
  await using home = await freshHome();
  await using hermes = await hostHermes({ home: home.path, env: { OPENAI_BASE_URL: model.url } });
  const address = (await hermes.printed(/Open (http:\S+)/))[1] ?? "";
  const stop = new AbortController();
  const heard = await listen(address, AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]));
  const page = await openPage(address);
  await page.send("/help");
  await heard(/List the commands/);
  assert.match((await page.answers(1))[0] ?? "", /List the commands/);
  await page.send("/model");
  await heard(/Model: \S*alpha/);
  stop.abort();
  const said = (await (await openPage(address)).history()).map(({ role, text }) => [role, text.slice(0, 12)]);
  assert.deepEqual(said[0], ["person", "/help"]);
  assert.deepEqual(said[2], ["person", "/model"]);
  assert.deepEqual(said[3], ["agent", "Model: alpha"]);
  assert.equal(model.seen.length, 0, "no model was asked");
  await page.send("hello");
  assert.equal((await page.answers(3))[2], "good day");
});
