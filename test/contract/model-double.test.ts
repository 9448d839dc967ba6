import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { answerOf, asking, drain, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";

test("a strict double complains of unused steps and of requests without one", async () => {
  const unused = await double.modelServer(double.say("never asked for"));
  await assert.rejects(async () => unused[Symbol.asyncDispose](), /never used/);
  const unexpected = await double.modelServer();
  const models = quickModels({ baseUrl: unexpected.url });
  await drain(await models.current());
  await models.close();
  await assert.rejects(async () => unexpected[Symbol.asyncDispose](), /unexpected request/);
});

test("steps with a condition answer whom they are for", async () => {
  const asks = (text: string) => (seen: double.Seen) => seen.body.messages.at(-1)?.content === text;
  await using server = await double.modelServer(
    double.on(asks("b"), double.say("for b")),
    double.on(asks("a"), double.say("for a")),
  );
  const models = quickModels({ baseUrl: server.url });
  const model = await models.current();
  const [a, b] = await Promise.all(["a", "b"].map(async (text) => answerOf(await drain(model, asking(text))).content));
  await models.close();
  assert.deepEqual([a, b], ["for a", "for b"]);
});

test("the stand-alone server echoes, and makes a terminal call when told to run something", async (t) => {
  const script = fileURLToPath(new URL("../doubles/model-server-main.ts", import.meta.url));
  const child = spawn(process.execPath, [script, "--delay", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  const [line] = await once(child.stdout, "data");
  const models = quickModels({ baseUrl: String(line).trim().split(" ").at(-1) ?? "" });
  const model = await models.current();
  assert.equal(answerOf(await drain(model, asking("hi"))).content, "answer to: hi");
  const { calls } = answerOf(await drain(model, asking("run: ls")));
  assert.deepEqual(
    calls.map((call) => [call.name, call.arguments]),
    [["terminal", '{"command":"ls"}']],
  );
  const done = answerOf(
    await drain(
      model,
      asking([
        { role: "user", content: "run: ls" },
        { role: "assistant", content: "", reasoning: "", calls },
        { role: "tool", call: calls[0]?.id ?? "", name: "terminal", content: "a.txt" },
      ]),
    ),
  );
  assert.equal(done.content, "answer to: run: ls (a.txt)");
  await models.close();
});
