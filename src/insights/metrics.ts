import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "./prometheus.ts";
import type { Metrics } from "../core/metrics.ts";

/** Metrics with a registry of their own behind them. */
export interface OpenMetrics extends Metrics {
  close(): void;
}

/** From a fast local step to a model that reads for half an hour, in seconds. */
const seconds = [0.005, 0.015, 0.05, 0.15, 0.5, 1.5, 5, 15, 60, 180, 600, 1_800];
const tokens = [100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000];
/** Below 20 a model is slow to work with; a large one on a good card writes 100 and more. */
const speeds = [1, 2, 5, 10, 15, 20, 30, 50, 80, 120, 200, 400];
/** How finely the event loop's delay is sampled: five times finer would take a third of a percent of a core for itself. */
const loopResolutionMs = 50;
/** Names come from models and servers too: beyond this many they are counted together. */
const mostNames = 100;

/** Counts in Prometheus' form, in a registry that belongs to the caller. */
export function openMetrics(): OpenMetrics {
  const registry = new Registry();
  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  processGauges(registry, delay);
  return {
    ...messageCounts(registry),
    ...modelCounts(registry),
    ...toolCounts(registry),
    render: () => registry.metrics(),
    close: () => {
      delay.disable();
      registry.clear();
    },
  };
}

type MessageMetrics = Pick<Metrics, "messageIn" | "turnEnd" | "queueWait" | "delivery" | "rateLimited">;

function messageCounts(registry: Registry): MessageMetrics {
  const registers = [registry];
  const messages = new Counter({
    name: "hermes_messages_total",
    help: "Messages received.",
    labelNames: ["platform"],
    registers,
  });
  const turns = new Histogram({
    name: "hermes_turn_seconds",
    help: "Turns by how they ended.",
    labelNames: ["end"],
    buckets: seconds,
    registers,
  });
  const waits = new Histogram({
    name: "hermes_queue_wait_seconds",
    help: "From a message's arrival to its turn's first step.",
    buckets: seconds,
    registers,
  });
  const deliveries = new Counter({
    name: "hermes_deliveries_total",
    help: "Answers sent, by outcome.",
    labelNames: ["platform", "outcome"],
    registers,
  });
  const limited = new Counter({
    name: "hermes_rate_limited_total",
    help: "429 answers of platforms.",
    labelNames: ["platform"],
    registers,
  });
  return {
    messageIn: (platform) => messages.inc({ platform }),
    turnEnd: (end, ms) => turns.observe({ end }, ms / 1_000),
    queueWait: (ms) => waits.observe(ms / 1_000),
    delivery: (platform, outcome) => deliveries.inc({ platform, outcome }),
    rateLimited: (platform) => limited.inc({ platform }),
  };
}

function modelCounts(registry: Registry): Pick<Metrics, "modelCall" | "modelToolCalls" | "modelFailure"> {
  const registers = [registry];
  const name = boundedNames();
  const labelNames = ["model"];
  const calls = new Histogram({
    name: "hermes_model_call_seconds",
    help: "Finished model calls.",
    labelNames,
    buckets: seconds,
    registers,
  });
  const first = new Histogram({
    name: "hermes_model_first_token_seconds",
    help: "From a request to its first token.",
    labelNames,
    buckets: seconds,
    registers,
  });
  const prompt = new Histogram({
    name: "hermes_model_prompt_tokens",
    help: "Prompt sizes.",
    labelNames,
    buckets: tokens,
    registers,
  });
  const counted = new Counter({
    name: "hermes_model_tokens_total",
    help: "Tokens read, read from cache, and written.",
    labelNames: ["model", "kind"],
    registers,
  });
  const speed = new Histogram({
    name: "hermes_model_tokens_per_second",
    help: "How fast models write.",
    labelNames,
    buckets: speeds,
    registers,
  });
  const wanted = new Counter({
    name: "hermes_model_tool_calls_total",
    help: "Tool calls that models asked for: all of them, those valid as they came, those that came as text.",
    labelNames: ["model", "kind"],
    registers,
  });
  const failures = new Counter({
    name: "hermes_model_failures_total",
    help: "Failed model calls by code.",
    labelNames: ["code"],
    registers,
  });
  return {
    modelCall: (given, usage) => {
      const model = name(given);
      calls.observe({ model }, usage.totalMs / 1_000);
      if (usage.firstTokenMs !== null) first.observe({ model }, usage.firstTokenMs / 1_000);
      if (usage.promptTokens !== null) prompt.observe({ model }, usage.promptTokens);
      counted.inc({ model, kind: "prompt" }, usage.promptTokens ?? 0);
      counted.inc({ model, kind: "cached" }, usage.cachedTokens ?? 0);
      counted.inc({ model, kind: "completion" }, usage.completionTokens ?? 0);
      if (usage.tokensPerSecond !== null) speed.observe({ model }, usage.tokensPerSecond);
    },
    modelToolCalls: (given, { calls: all, valid, text }) => {
      const model = name(given);
      wanted.inc({ model, kind: "all" }, all);
      wanted.inc({ model, kind: "valid" }, valid);
      wanted.inc({ model, kind: "text" }, text);
    },
    modelFailure: (code) => failures.inc({ code }),
  };
}

function toolCounts(registry: Registry): Pick<Metrics, "toolCall"> {
  const name = boundedNames();
  const calls = new Histogram({
    name: "hermes_tool_call_seconds",
    help: "Tool calls by tool and success.",
    labelNames: ["tool", "ok"],
    buckets: seconds,
    registers: [registry],
  });
  return { toolCall: (tool, ok, ms) => calls.observe({ tool: name(tool), ok: String(ok) }, ms / 1_000) };
}

function processGauges(registry: Registry, delay: ReturnType<typeof monitorEventLoopDelay>): void {
  const registers = [registry];
  new Gauge({
    name: "hermes_event_loop_delay_seconds",
    help: "Delay of the event loop since the last reading.",
    labelNames: ["quantile"],
    registers,
    collect() {
      // Nanoseconds, of which the sampling interval itself is no delay. Without a sample the percentile is 0.
      const beyond = (value: number): number => Math.max(0, value / 1e9 - loopResolutionMs / 1_000);
      this.set({ quantile: "0.5" }, beyond(delay.percentile(50)));
      this.set({ quantile: "0.99" }, beyond(delay.percentile(99)));
      delay.reset();
    },
  });
  new Gauge({
    name: "hermes_resident_memory_bytes",
    help: "Resident memory of this process.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
}

/** Lets the first names through as they are. */
function boundedNames(): (name: string) => string {
  const seen = new Set<string>();
  return (name) => {
    if (!seen.has(name) && seen.size >= mostNames) return "other";
    seen.add(name);
    return name;
  };
}
