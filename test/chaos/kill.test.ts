import assert from "node:assert/strict";
import { test } from "node:test";
import { freshHome, type Process, startHermes } from "../flow/service.ts";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";

const chats = 20;
const each = 10;
/** So many, whatever is done in between; from then on so many answers come first, or a busy machine would get nothing done. */
const blindKills = 4;
const answersBetween = 40;

/** Requests for a command run one first; the answer names the request, so that order and doubles show. */
function answer(seen: Seen) {
  const messages = seen.body.messages;
  const asked = String(messages.findLast((message) => message.role === "user")?.content ?? "");
  if (asked.includes("command") && messages.at(-1)?.role !== "tool") return call("terminal", { command: `echo ${asked}` });
  return say(`answer to ${asked} and some more words to stream`, { pieces: 6, delayMs: 15 });
}

test(
  "200 messages over 20 chats, workers killed until the end, Redis wiped: 200 answers, each once, in order",
  { timeout: 170_000 },
  async (t) => {
    await using redis = await startRedis();
    await using database = await freshDatabase();
    await using home = await freshHome("none");
    await using model = await modelServerWith({ strict: false }, answer);
    await using telegram = await telegramServer({});
    const env = {
      REDIS_URL: redis.url,
      DATABASE_URL: database.url,
      OPENAI_BASE_URL: model.url,
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
    };
    const hermes = (mode: "gateway" | "worker") => startHermes({ mode, home: home.path, env });
    await using gateway = hermes("gateway");
    const workers: Process[] = [hermes("worker"), hermes("worker")];
    await gateway.printed(/telegram is connected/);

    const all = Array.from({ length: chats }, (_, index) => index + 1);
    const answers = (chat: number) => telegram.messages(1_000 + chat).filter((message) => message.text.includes("answer to"));
    const answered = () => all.reduce((sum, chat) => sum + answers(chat).length, 0);
    let kills = 0;
    let answeredAtKill = 0;
    const killer = setInterval(() => {
      // One that takes turns: to kill one that still starts breaks nothing off.
      const up = workers.filter((worker) => /model: double at/.test(worker.output()));
      const worker = up[Math.floor(Math.random() * up.length)];
      if (worker === undefined || (kills >= blindKills && answered() < answeredAtKill + answersBetween)) return;
      kills += 1;
      answeredAtKill = answered();
      worker.child.kill("SIGKILL");
      workers[workers.indexOf(worker)] = hermes("worker");
    }, 1_000);
    try {
      // Half of the chats send all their messages at once; the others wait for each answer, and ask for a command every second time.
      const patient = async (chat: number) => {
        for (let number = 1; number <= each; number += 1) {
          telegram.say(1_000 + chat, `${number % 2 === 0 ? "command" : "question"} ${chat}-${number}`);
          await telegram.waitFor(() => answers(chat).length >= number, 150_000);
        }
      };
      const patients = Array.from({ length: chats / 2 }, (_, index) => patient(index + 1 + chats / 2));
      for (let number = 1; number <= each; number += 1) {
        for (let chat = 1; chat <= chats / 2; chat += 1) telegram.say(1_000 + chat, `question ${chat}-${number}`);
        if (number === each / 2) await redis.flush();
      }
      await Promise.all(patients);
      await telegram.waitFor(() => all.every((chat) => answers(chat).length >= each), 150_000);
    } finally {
      clearInterval(killer);
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    }
    t.diagnostic(`${kills} kills`);
    assert.ok(kills > 3, `${kills} kills`);
    // With the gateway's end all that was still to be sent has been: a double would show by now.
    assert.equal(await gateway.kill("SIGTERM"), 0);
    for (const chat of all) {
      const order = answers(chat).map((message) => /answer to \w+ (\d+-\d+)/.exec(message.text)?.[1]);
      assert.deepEqual(
        order,
        Array.from({ length: each }, (_, index) => `${chat}-${index + 1}`),
      );
    }
  },
);
