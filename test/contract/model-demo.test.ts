import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent, ModelMessage, ToolSpec } from "../../src/core/model.ts";
import { answerOf, asking, drain, quickModels, shown, terminalTool } from "../doubles/model-server-client.ts";

const memoryTool: ToolSpec = { name: "memory", description: "Keep a fact.", parameters: { type: "object", properties: {} } };
const tools = [memoryTool, terminalTool];

/** One open demonstration, asked in turn. */
async function withDemo(
  talk: (ask: (messages: string | ModelMessage[], offered?: ToolSpec[]) => Promise<ModelEvent[]>) => Promise<void>,
): Promise<void> {
  const models = quickModels({ demo: true });
  try {
    const model = await models.current();
    assert.equal(model.demonstration, true);
    assert.match(model.server, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    await talk((messages, offered = tools) => drain(model, asking(messages, offered)));
  } finally {
    await models.close();
  }
}

function disclosed(text: string): void {
  assert.match(text, /script, not a model|脚本，不是模型/);
  assert.match(text, /`hermes model`/);
  assert.match(text, /OPENAI_BASE_URL/);
}

test("every final answer says that it is a script and how to connect a model, in the person's language", async () => {
  await withDemo(async (ask) => {
    for (const said of ["hello", "what is 2+2?", "", "你好", "今天天气怎么样？"]) {
      const answer = answerOf(await ask(said));
      disclosed(answer.content);
      assert.equal(answer.finish, "stop");
      assert.equal(/\p{Script=Han}/u.test(answer.content), /\p{Script=Han}/u.test(said));
    }
  });
});

test("it streams in pieces", async () => {
  await withDemo(async (ask) => {
    const events = await ask("hello");
    assert.ok(events.filter((event) => event.type === "text").length > 20);
    assert.equal(shown(events), answerOf(events).content);
  });
});

test("asked for a command it calls the terminal, and answers from the result", async () => {
  await withDemo(async (ask) => {
    for (const [said, command] of [
      ["try a command", /^echo /],
      ["run `uname -a`", /^uname -a$/],
      ["run: ls -la", /^ls -la$/],
      ["run `rm -rf /`", /^echo /],
      ["请运行一个命令", /^echo /],
    ] as const) {
      const answer = answerOf(await ask(said));
      assert.match(answer.content, /script|脚本/);
      assert.equal(answer.calls[0]?.name, "terminal");
      assert.match(String(JSON.parse(answer.calls[0]?.arguments ?? "{}").command), command);
      const { content, calls } = answer;
      const result: ModelMessage = { role: "tool", call: calls[0]?.id ?? "", name: "terminal", content: "marker-4711" };
      const final = answerOf(
        await ask([{ role: "user", content: said }, { role: "assistant", content, reasoning: "", calls }, result]),
      );
      assert.match(final.content, /marker-4711/);
      disclosed(final.content);
    }
  });
});

test("told to remember it calls the memory", async () => {
  await withDemo(async (ask) => {
    for (const [said, fact] of [
      ["Please remember that I like tea", "I like tea"],
      ["记住我喜欢喝茶", "我喜欢喝茶"],
    ] as const) {
      const { calls } = answerOf(await ask(said));
      assert.deepEqual(
        calls.map((call) => [call.name, JSON.parse(call.arguments)]),
        [["memory", { action: "add", target: "user", content: fact }]],
      );
    }
  });
});

test("it calls nothing that it was not offered", async () => {
  await withDemo(async (ask) => {
    for (const said of ["run a command", "remember that I like tea"]) {
      const answer = answerOf(await ask(said, []));
      assert.deepEqual(answer.calls, []);
      disclosed(answer.content);
    }
  });
});
