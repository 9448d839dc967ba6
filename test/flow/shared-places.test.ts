import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { openDatabase } from "../../src/store/database.ts";
import { data, frame } from "../doubles/model-server.ts";
import { lines } from "../doubles/model-server-client.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, startHermes } from "./service.ts";

const places = 4;

/** A model server that keeps every request until it is let go, and counts those that are open. */
async function holdingServer() {
  const open = new Set<ServerResponse>();
  const state = { most: 0, holding: true };
  const answer = (response: ServerResponse): void => {
    response.end([frame({ content: "done" }, "stop"), "data: [DONE]\n\n"].join(""));
  };
  const server = createServer((request, response) => {
    request.resume();
    const json = (status: number, body: unknown): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.url === "/v1/models") return json(200, { object: "list", data: [{ id: "held", object: "model" }] });
    if (request.url !== "/v1/chat/completions") return json(404, {});
    open.add(response);
    state.most = Math.max(state.most, open.size);
    response.on("close", () => open.delete(response));
    response.writeHead(200, { "content-type": "text/event-stream" }).write(data({ choices: [] }));
    if (!state.holding) answer(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // Listening on TCP, so the address is not a path.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    get open() {
      return open.size;
    },
    get most() {
      return state.most;
    },
    letGo() {
      state.holding = false;
      for (const response of open) answer(response);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("two workers take their parts of a server's places, and a killed one's part goes to the other", async () => {
  await using model = await holdingServer();
  await using redis = await startRedis();
  await using database = await freshDatabase();
  await using telegram = await telegramServer();
  await using home = await freshHome("none");
  await writeFile(join(home.path, "config.yaml"), `model:\n  concurrency: ${places}\nagent:\n  worker_concurrency: 4\n`);
  const state = { REDIS_URL: redis.url, DATABASE_URL: database.url, OPENAI_BASE_URL: model.url };
  const env = { ...state, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await using gateway = await hostHermes({ mode: "gateway", home: home.path, env });
  await gateway.printed(/telegram is connected/);
  await using first = startHermes({ mode: "worker", home: home.path, env: state });
  await using second = startHermes({ mode: "worker", home: home.path, env: state });
  const record = await openDatabase({ url: database.url, directory: home.path, log: lines() });
  await using _closing = { [Symbol.asyncDispose]: () => record.close() };
  const count = async (text: string): Promise<number> => Number((await record.pool.query(text)).rows[0]?.["count"]);
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    const end = performance.now() + 30_000;
    while (!(await holds())) {
      if (performance.now() > end) throw new Error(`never: ${what}; ${model.open} open\n${first.output()}\n${second.output()}`);
      await setTimeout(50);
    }
  };

  await until("both have started", () => [first, second].every((worker) => /model: held/.test(worker.output())));

  // Each has counted the other when both have said once more that they live.
  await record.pool.query("update workers set seen_at = now() - interval '1 second'");
  await until(
    "both live",
    async () => (await count("select count(*) from workers where seen_at > now() - interval '0.9 s'")) === 2,
  );
  const people = Array.from({ length: 8 }, (_, at) => 301 + at);
  for (const person of people) telegram.say(person, "hello", { from: { id: person, name: `P${person}` } });
  await until("all run", async () => (await count("select count(*) from turns where status = 'running'")) === people.length);
  await until("all places are taken", () => model.open === places);

  await first.kill("SIGKILL");
  await until("its requests end", () => model.open === places / 2);
  // As if its time were over: the one that lives says so again with its next beat.
  await record.pool.query("update workers set seen_at = now() - interval '16 seconds'");
  await until("the other takes all places", () => model.open === places);
  assert.equal(model.most, places, "never more than the server has");
  model.letGo();
  await until("all are answered", () => people.every((person) => telegram.messages(person).some(({ text }) => text === "done")));
  assert.equal(model.most, places);
});
