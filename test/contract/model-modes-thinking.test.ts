import assert from "node:assert/strict";
import { test } from "node:test";
import { asking, drain, quickModels } from "../doubles/model-server-client.ts";
import { modelServerWith, type Routes, say } from "../doubles/model-server.ts";
import * as kinds from "../doubles/server-kinds.ts";
import { apiModes, ask, ok } from "./model-modes-asking.ts";

test("a thinking model on llama-server is told how much to think and has room after it, in each mode's fields", async () => {
  const limits = { chat_completions: "max_tokens", responses: "max_output_tokens", anthropic_messages: "max_tokens" } as const;
  for (const mode of apiModes) {
    const { seen } = await ask(mode, [ok(mode)], { ...asking(), effort: "low" }, kinds.llamaServer({ window: 32_768 }));
    const body = JSON.parse(seen[0]?.raw ?? "");
    assert.deepEqual(body.chat_template_kwargs, { enable_thinking: true }, mode);
    const budget = mode === "anthropic_messages" ? body.thinking.budget_tokens : body.thinking_budget_tokens;
    assert.equal(budget, 512, mode);
    assert.equal(body[limits[mode]], budget + 512, `${mode}: the configured limit is the answer's`);
  }
});

test("each mode has its own word for what may be called", async () => {
  const words = {
    chat_completions: { auto: "auto", none: "none", required: "required" },
    responses: { auto: "auto", none: "none", required: "required" },
    anthropic_messages: { auto: { type: "auto" }, none: { type: "none" }, required: { type: "any" } },
  };
  for (const mode of apiModes) {
    for (const toolChoice of ["auto", "none", "required"] as const) {
      const { seen } = await ask(mode, [ok(mode)], { ...asking(), toolChoice });
      const body = JSON.parse(seen[0]?.raw ?? "");
      assert.deepEqual(body.tool_choice, words[mode][toolChoice]);
      // The prefix stays as it is, whatever may be called.
      assert.equal(body.tools.length, 1);
    }
  }
});

test("a prompt is counted as it would be sent, with what is said of thinking", async () => {
  const server = kinds.llamaServer();
  const counted: unknown[] = [];
  const routes: Routes = (asked) => {
    if (asked.path.endsWith("/input_tokens")) counted.push(asked.body);
    return server.routes?.(asked) ?? null;
  };
  for (const effort of ["none", "low", undefined] as const) {
    await using double = await modelServerWith({ ...server, routes }, say("ok"));
    const models = quickModels({ baseUrl: double.url });
    const model = await models.current();
    const request = { ...asking("how long am I?"), ...(effort === undefined ? {} : { effort }) };
    assert.equal(await model.count(request, new AbortController().signal), 185);
    await drain(model, request);
    await models.close();
    const [sent, asked] = [JSON.parse(double.seen[0]?.raw ?? ""), counted.pop()];
    for (const field of ["model", "messages", "tools", "tool_choice", "chat_template_kwargs", "thinking_budget_tokens"]) {
      assert.deepEqual(asked, { ...Object(asked), [field]: sent[field] }, `${effort} ${field}`);
    }
    assert.deepEqual(sent.chat_template_kwargs, { enable_thinking: effort !== "none" });
  }
});
