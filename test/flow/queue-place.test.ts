import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { openPage } from "./page-client.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");

/** Reads the page's events until one of this type has come, and gives back its data. */
async function eventOn(page: string, type: string, signal: AbortSignal): Promise<string> {
  const first = await fetch(page, { signal });
  const cookie = first.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const { origin } = new URL(page);
  const stream = await fetch(`${origin}/api/events`, { headers: { cookie }, signal });
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    const found = text.split("\n").find((line) => line.startsWith("data:") && line.includes(`"type":"${type}"`));
    if (found !== undefined) return found;
  }
  throw new Error(`the page's events ended without "${type}"`);
}

test("whoever waits more than five seconds sees their place; one person's many requests don't come before another's one", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) =>
    lastText(seen).includes("at length") ? say("word ".repeat(90), { pieces: 90, delayMs: 100 }) : say(`echo ${lastText(seen)}`),
  );
  await using telegram = await telegramServer();
  await using home = await freshHome();
  await writeFile(join(home.path, "config.yaml"), "model:\n  concurrency: 1\n");
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await using hermes = await hostHermes({ home: home.path, env });
  const address = (await hermes.printed(/Open (http:\S+)/))[1] ?? "";
  await hermes.printed(/telegram is connected/);
  const ann = { id: 11, name: "Ann" };
  const page = await openPage(address);
  telegram.say(11, "tell me at length", { from: ann });
  await model.arrived(1);
  for (const group of [-21, -22, -23]) telegram.say(group, `@${telegram.bot.username} from Ann`, { from: ann });
  await telegram.waitFor(() => telegram.pending === 0);
  telegram.say(12, "one question", { from: { id: 12, name: "Bob" } });
  const stop = new AbortController();
  const queued = eventOn(address, "queued", stop.signal);
  await page.send("from the page");
  await telegram.waitFor(() => telegram.drafts(12).some((draft) => draft.text.includes("Waiting for the model")), 15_000);
  assert.match(await queued, /"ahead":[01]/);
  stop.abort();
  await telegram.waitFor(
    () => [-21, -22, -23].every((group) => telegram.messages(group).some(({ text }) => /echo/.test(text))),
    20_000,
  );
  await page.answers(1);
  assert.match(telegram.messages(12).at(-1)?.text ?? "", /^echo/);
  const order = model.seen.map(lastText);
  const place = (part: string) => order.findIndex((text) => text.includes(part));
  assert.ok(place("one question") < place("from Ann"), order.join(" | "));
  assert.ok(place("from the page") < place("from Ann"), order.join(" | "));
});
