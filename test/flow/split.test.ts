import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { hermes } from "../../src/cli/hermes.ts";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { openPage } from "./page-client.ts";
import { freshHome, startHermes } from "./service.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");

/** A gateway and the means to start workers, on a Redis and a Postgres of the test's own. */
async function deployment(model: string, more: Readonly<Record<string, string>> = {}) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const database = stack.use(await freshDatabase());
  const home = stack.use(await freshHome("none"));
  const env = { REDIS_URL: redis.url, DATABASE_URL: database.url, OPENAI_BASE_URL: model, ...more };
  const gateway = stack.use(startHermes({ mode: "gateway", home: home.path, env }));
  const printed = await gateway.printed(/Open (http:\S+)/);
  const page = await openPage(printed[1] ?? "");
  return {
    page,
    /** Types a command on the same machine. */
    async type(...args: readonly string[]) {
      let out = "";
      const streams = {
        stdin: Readable.from([]),
        stdout: { write: (text: string) => (out += text) },
        stderr: { write: () => true },
      };
      const status = await hermes(args, { env: { HERMES_HOME: home.path, HERMES_HTTP_PORT: "0", ...env }, ...streams });
      return { status, out };
    },
    worker: () => startHermes({ mode: "worker", home: home.path, env }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("a worker killed in mid-answer: another one finishes it, and it is said once", async () => {
  let asked = 0;
  await using model = await modelServerWith({ strict: false }, (seen) => {
    asked += 1;
    return asked === 1 ? say("slow ".repeat(400), { pieces: 400, delayMs: 50 }) : say(`done: ${lastText(seen)}`);
  });
  await using team = await deployment(model.url);
  const first = team.worker();
  await team.page.send("tell me");
  await model.arrived(1);
  await using _second = team.worker();
  // The log is written behind the work: what was not yet is lost with the process.
  while (!(await team.type("logs", "worker")).out.includes("a turn is worked on")) await setImmediate();
  await first.kill("SIGKILL");
  assert.deepEqual(await team.page.answers(1), ["done: tell me"]);
  // Who was killed is missed after a while only.
  const told = await team.type("status");
  assert.equal(told.status, 0);
  assert.match(told.out, /^No service runs on this home\. (?:A worker is|2 workers are) at work on its record\.\nTurns: /);
  // What both did of the turn is one story in the log.
  let turn: string | undefined;
  while (turn === undefined) turn = /a turn is over {2}.*turn=(\S+)/.exec((await team.type("logs", "worker")).out)?.[1];
  const lines = (await team.type("logs", "--turn", turn, "--json")).out.trim().split("\n");
  const story = lines.map((line): { pid: number; msg: string } => JSON.parse(line));
  assert.equal(new Set(story.filter(({ msg }) => msg === "a turn is worked on").map(({ pid }) => pid)).size, 2);
});

test("a stopping worker gives a running turn its time, then leaves it to another", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) => {
    if (seen.body.messages.at(-1)?.role === "tool") return say("after the command");
    return lastText(seen) === "quick"
      ? say("quick answer", { pieces: 6, delayMs: 100 })
      : call("terminal", { command: "sleep 60" });
  });
  await using home = await freshHome("none");
  await writeFile(join(home.path, "config.yaml"), "agent:\n  drain_timeout: 2\n");
  await using team = await deployment(model.url, { HERMES_HOME: home.path });
  const first = team.worker();
  await team.page.send("quick");
  await model.arrived(1);
  assert.equal(await first.kill("SIGTERM"), 0, first.output());
  assert.deepEqual(await team.page.answers(1), ["quick answer"], "it was let finish");

  const second = team.worker();
  await team.page.send("a command that takes a minute");
  await model.arrived(2);
  const stopping = second.kill("SIGTERM");
  await using _third = team.worker();
  assert.equal(await stopping, 0, second.output());
  assert.deepEqual((await team.page.answers(2))[1], "after the command");
  const result = model.seen.at(-1)?.body.messages.at(-1);
  assert.match(String(result?.content), /outcome of this terminal call is unknown/);
});
