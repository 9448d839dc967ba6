import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { debianImage, dockerHost } from "../services/docker.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { freshHome, type Process, startHermes } from "./service.ts";
import { lastOf, openTalk, type TalkRig } from "./talk-rig.ts";

const idOf = (seen: Seen) => /Process (p\w+) /.exec(JSON.stringify(seen.body.messages))?.[1] ?? "";

suite("in a container", () => {
  const config = `terminal:\n  backend: docker\n  docker_image: ${debianImage}\n`;
  walk(async () => await openTalk({ env: { DOCKER_HOST: await dockerHost() }, config }));
});

suite("on this host", () => {
  const rig = walk(() => openTalk({ config: "terminal:\n  backend: local\n" }));

  test("a wait ends at once when it is stopped", async () => {
    await rig().begin((request, count) => {
      if (count === 0) return call("terminal", { command: "sleep 50", background: true });
      return count === 1 ? call("process", { action: "wait", session_id: idOf(request), timeout: 60 }) : say("no");
    });
    await rig().page.send("go");
    while (!(await rig().askOn("/status")).includes("process")) await pause(50); // nothing tells of a tool that runs but the command that shows it
    const began = Date.now();
    assert.match(await rig().askOn("/stop"), /[Ss]topped/);
    assert.ok(Date.now() - began < 30_000);
  });

  test("what can't be is said: both ways of being told, being told of the foreground", async () => {
    const { seen } = await rig().ask("go", (_request, count) => {
      if (count === 0)
        return call("terminal", { command: "true", background: true, notify_on_complete: true, watch_patterns: ["x"] });
      return count === 1 ? call("terminal", { command: "true", notify_on_complete: true }) : say("done");
    });
    const results = toolResults(seen.at(-1));
    assert.match(results[0] ?? "", /not both/);
    assert.match(results[1] ?? "", /background=true/);
  });

  test("matches are told, and after the end of an unmatched one that it ended without", async () => {
    await rig().begin((request, count) => {
      const last = lastOf(request);
      if (last.startsWith("[Background")) return say(`told: ${last}`);
      if (count === 0) {
        const command = "sleep 1; echo one; echo match one; echo two; sleep 0.2; exit 3";
        return call("terminal", { command, background: true, watch_patterns: ["match"] });
      }
      if (count === 1)
        return call("terminal", { command: "sleep 1; echo other; exit 4", background: true, watch_patterns: ["match"] });
      return say("begun");
    });
    const said = (await rig().page.answers(0)).length;
    await rig().page.send("go");
    const answers = (await rig().page.answers(said + 3)).slice(said).join("\n");
    assert.match(answers, /match one/);
    assert.match(answers, /exit code 4, without printing what you watch for[^]*other/);
  });
});

/** Opens a service for a suite, and walks one process through all that can be done with it. */
function walk(open: () => Promise<TalkRig>): () => TalkRig {
  let rig: TalkRig | undefined;
  const opened = () => rig ?? assert.fail("not open");
  before(async () => {
    rig = await open();
  });
  after(() => rig?.[Symbol.asyncDispose]());
  test("the agent starts a command in the background, polls, types, waits, kills and lists", async () => {
    const steps = (seen: Seen) => [
      call("terminal", { command: 'echo ready; read -r word; echo "got $word"; sleep 100', background: true }),
      call("process", { action: "submit", pid: idOf(seen), data: "it" }),
      call("process", { action: "wait", session_id: idOf(seen), timeout: 1 }),
      call("process", { action: "kill", id: idOf(seen) }),
      call("process", { action: "log", session_id: idOf(seen), limit: 1 }),
      call("process", { action: "list" }),
      call("process", { action: "poll", session_id: "p0" }),
    ];
    const { seen } = await opened().ask("go", (request, count) => steps(request)[count] ?? say("done"));
    const results = toolResults(seen.at(-1));
    assert.match(results[0] ?? "", /^ready\n\[Process p\w+ runs in the background\./);
    assert.match(results[1] ?? "", /^Sent to p\w+\./);
    assert.match(results[2] ?? "", /^got it\n\[p\w+ has been running for \d+ s\.\]/);
    assert.match(results[3] ?? "", /^p\w+ was killed\./);
    assert.match(results[4] ?? "", /^got it\n\[Lines 2 to 2 of 2\. p\w+ was killed\.\]/);
    assert.match(results[5] ?? "", /^p\w+ was killed, 13 bytes: echo ready/);
    assert.match(results[6] ?? "", /There is no process p0/);
  });
  return opened;
}

test(
  "the end is told after the turn, once, though the worker that began it was killed in between",
  { timeout: 80_000 },
  async () => {
    await using redis = await startRedis();
    await using database = await freshDatabase();
    await using home = await freshHome("none");
    await writeFile(join(home.path, "config.yaml"), "terminal:\n  backend: local\n");
    await using model = await modelServerWith({ strict: false }, (seen) => {
      const last = seen.body.messages.at(-1);
      const text = String(last?.content ?? "");
      if (text.startsWith("[Background process")) return say(`heard: ${text}`);
      if (last?.role === "tool") return say("It runs.");
      return call("terminal", { command: "sleep 3; echo all done; exit 5", background: true, notify_on_complete: true });
    });
    await using telegram = await telegramServer({});
    const env = {
      REDIS_URL: redis.url,
      DATABASE_URL: database.url,
      OPENAI_BASE_URL: model.url,
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
    };
    const hermes = (mode: "gateway" | "worker"): Process => startHermes({ mode, home: home.path, env });
    await using gateway = hermes("gateway");
    const first = hermes("worker");
    await gateway.printed(/telegram is connected/);
    telegram.say(1_001, "start it");
    const heard = () => telegram.messages(1_001).filter((message) => message.text.includes("heard:"));
    await telegram.waitFor(() => telegram.messages(1_001).some((message) => message.text.includes("It runs.")), 30_000);
    await first.kill("SIGKILL");
    await using _second = hermes("worker");
    await using _third = hermes("worker");
    await telegram.waitFor(() => heard().length > 0, 60_000);
    await pause(5_000);
    assert.equal(heard().length, 1);
    assert.match(heard()[0]?.text ?? "", /ended with exit code 5\. Last lines:\s+all done/);
  },
);

function toolResults(seen: Seen | undefined): string[] {
  return (seen?.body.messages ?? []).filter(({ role }) => role === "tool").map(({ content }) => String(content));
}
