import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { modelServerWith } from "../doubles/model-server.ts";
import { hostHermes } from "../flow/hosted.ts";
import { freshHome, startHermes } from "../flow/service.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { visitor } from "./browser.ts";
import { type Scene, scenarios, storyteller } from "./platforms/scenarios.ts";
import { telegramDriver } from "./platforms/telegram-driver.ts";

const visit = visitor();

/** Writes on the page, and waits for the whole answer there. */
async function ask(page: Page, text: string, answer: RegExp): Promise<void> {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
  await page.locator(".agent .body", { hasText: answer }).last().waitFor();
}

/** A stream that stands still is stopped by the page's button. */
async function stopIt(page: Page): Promise<void> {
  await page.locator("#text").fill("say it slowly: page");
  await page.locator("#text").press("Enter");
  await page.locator(".preview", { hasText: "one two" }).waitFor();
  await page.locator("#stop").click();
  await page.locator(".agent .body", { hasText: /^one two[^]*Stopped here/ }).waitFor();
  await page.locator("#stop").waitFor({ state: "hidden" });
}

test("the page at a service without a model: the banner, an answer, a tool's line; and with one, a stream and its stop", async (t) => {
  await using model = await modelServerWith({ strict: false }, storyteller().answer);
  await using home = await freshHome();
  await using hermes = await hostHermes({ home: home.path, env: {} });
  const { page, problems } = await visit(t, (await hermes.printed(/Open (http:\S+)/))[1] ?? "");
  await page.locator("#banner", { hasText: "hermes model" }).waitFor();
  await ask(page, "hello", /script, not a model/);
  await ask(page, "run a command", /Hello from the sandbox/);
  await page.locator(".tool.done", { hasText: "terminal" }).waitFor();
  await writeFile(join(home.path, "config.yaml"), `model: {base_url: "${model.url}"}\n`);
  await stopIt(page);
  await page.reload();
  await page.locator(".agent .body", { hasText: "Stopped here" }).waitFor();
  assert.deepEqual(problems, []);
});

test("a gateway and a worker apart: the page, Telegram's most telling scenarios, and Redis away in the middle of an answer", async (t) => {
  const { answer, goOn } = storyteller();
  await using driver = await telegramDriver();
  await using model = await modelServerWith({ strict: false }, answer);
  await using redis = await startRedis();
  await using database = await freshDatabase();
  await using home = await freshHome("none");
  await writeFile(join(home.path, "config.yaml"), "terminal: {backend: local}\napprovals: {approvers: member}\n");
  await using services = new AsyncDisposableStack();
  const env = { REDIS_URL: redis.url, DATABASE_URL: database.url, OPENAI_BASE_URL: model.url, ...driver.env };
  const gateway = services.use(await hostHermes({ mode: "gateway", home: home.path, env }));
  const begin = () => services.use(startHermes({ mode: "worker", home: home.path, env }));
  const running = { worker: begin() };
  await driver.connected(gateway);
  const scene: Scene = {
    driver,
    model,
    goOn,
    kill: async () => void (await running.worker.kill("SIGKILL")),
    start: async () => void (running.worker = begin()),
  };
  const { page, problems } = await visit(t, (await gateway.printed(/Open (http:\S+)/))[1] ?? "");
  await page.locator("#banner").waitFor({ state: "hidden" });
  await ask(page, "write it down", /^came: [^]*down\.txt/);
  await page.locator(".tool.done", { hasText: "write_file" }).waitFor();
  const telling = ["stream", "stop", "buttons of an approval"];
  const played = scenarios.filter(({ name }) => telling.includes(name)).map((each) => each.run(scene));
  await Promise.all([stopIt(page), ...played]);
  assert.equal(played.length, telling.length);
  await scenarios.find(({ name }) => name === "restart")?.run(scene);

  const [talk, other] = [await driver.talk(), await driver.talk()];
  await talk.say("say it slowly: away");
  await talk.until((lines) => lines.some(({ text }) => text.startsWith("one two")));
  await redis.stop();
  const told = ({ text }: { readonly text: string }) => text.startsWith("I have your message, but my queue can't be reached");
  await other.say("one");
  await other.until((lines) => lines.some(told));
  await other.say("two");
  await gateway.printed(/(?:will be answered when it is back[^]*){2}/);
  const ended = running.worker.output().length;
  goOn("away");
  await running.worker.printed(new RegExp(`^[^]{${ended},}a turn is over`));
  await redis.start();
  for (const [where, words] of [
    [talk, /ten\.$/],
    [other, /^echo two$/],
  ] as const)
    await where.until((lines) => lines.some(({ text, written }) => written && words.test(text)));
  await other.say("three");
  const said = await other.until((lines) => lines.some(({ text }) => text === "echo three") && lines);
  assert.deepEqual(
    [said.filter(told).length, said.slice(1).map(({ text }) => text)],
    [1, ["echo one", "echo two", "echo three"]],
  );
  assert.equal((await talk.until((lines) => lines)).filter(({ text }) => text.startsWith("one two")).length, 1);
  assert.deepEqual(problems, []);
});
