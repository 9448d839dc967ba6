import assert from "node:assert/strict";
import { test } from "node:test";
import { openMetrics } from "../../src/insights/metrics.ts";

test("what is counted is shown, in a registry of its own", async (t) => {
  const [metrics, other] = [openMetrics(), openMetrics()];
  t.after(() => [metrics, other].forEach((one) => one.close()));
  metrics.messageIn("telegram");
  metrics.turnEnd("answered", 1_200);
  metrics.queueWait(4);
  metrics.modelCall("qwen", {
    promptTokens: 1_000,
    completionTokens: 20,
    cachedTokens: null,
    firstTokenMs: 300,
    totalMs: 900,
    queuedMs: 0,
    promptPerSecond: null,
    tokensPerSecond: 18,
  });
  metrics.modelToolCalls("qwen", { calls: 3, valid: 2, text: 1 });
  metrics.modelFailure("model.stalled");
  metrics.toolCall("terminal", false, 10);
  metrics.delivery("telegram", "sent");
  metrics.rateLimited("telegram");
  const text = await metrics.render();
  for (const line of [
    'hermes_messages_total{platform="telegram"} 1',
    'hermes_turn_seconds_sum{end="answered"} 1.2',
    'hermes_queue_wait_seconds_bucket{le="0.005"} 1',
    'hermes_model_first_token_seconds_count{model="qwen"} 1',
    'hermes_model_tokens_total{model="qwen",kind="prompt"} 1000',
    'hermes_model_tokens_per_second_bucket{le="20",model="qwen"} 1',
    'hermes_model_tool_calls_total{model="qwen",kind="all"} 3',
    'hermes_model_tool_calls_total{model="qwen",kind="valid"} 2',
    'hermes_model_tool_calls_total{model="qwen",kind="text"} 1',
    'hermes_model_failures_total{code="model.stalled"} 1',
    'hermes_tool_call_seconds_count{tool="terminal",ok="false"} 1',
    'hermes_deliveries_total{platform="telegram",outcome="sent"} 1',
    'hermes_rate_limited_total{platform="telegram"} 1',
  ])
    assert.ok(text.includes(line), `${line} not in:\n${text}`);
  assert.doesNotMatch(await other.render(), /telegram|qwen/);
});

test("the event loop's delay is seen", async (t) => {
  const metrics = openMetrics();
  t.after(() => metrics.close());
  // Long enough for a sample before and after.
  await new Promise((resolve) => setTimeout(resolve, 110));
  const until = performance.now() + 120;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const p99 = /hermes_event_loop_delay_seconds\{quantile="0\.99"\} ([\d.]+)/.exec(await metrics.render())?.[1];
  assert.ok(Number(p99) > 0.05, `p99 ${p99}`);
});

test("names that a model makes up don't grow without limit", async (t) => {
  const metrics = openMetrics();
  t.after(() => metrics.close());
  for (let n = 0; n < 1_000; n++) metrics.toolCall(`made_up_${n}`, false, 1);
  const text = await metrics.render();
  assert.ok((text.match(/hermes_tool_call_seconds_count/g) ?? []).length <= 101);
  assert.match(text, /tool="other",ok="false"\} 900/);
});
