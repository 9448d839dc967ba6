import type { Effort, ModelFacts } from "../../core/model.ts";
import { adviceFor, bounds, leastRight } from "../../model/measure/advice.ts";
import { leastWritten, rate, time } from "../../model/measure/speed-words.ts";
import type { ToolProbe } from "../../model/measure/tool-probe.ts";
import { type CheckResult, fail, ok, warn } from "./check.ts";

/** Why no request with tools can be answered, where that is so. */
export function faultLine({ done, failures, failure }: ToolProbe, { kind }: ModelFacts): CheckResult | null {
  if (failure === null || failures < done) return null;
  const { message, advice } = failure;
  if (/requires --jinja/.test(message)) {
    return fail("tools.refused", "The server refuses tools: it runs without --jinja.", "Start llama-server with --jinja.");
  }
  if (/enable-auto-tool-choice|tool-call-parser/.test(message)) {
    return fail(
      "tools.refused",
      "The server refuses tools: it runs without --enable-auto-tool-choice.",
      `Start vLLM with ${parsers}.`,
    );
  }
  const who = kind === "other" ? "The server" : kind;
  return fail("tools.refused", `${who} answers no request with tools: ${message.replace(/\.?$/, ".")}`, advice ?? "");
}

const parsers =
  "--enable-auto-tool-choice and the --tool-call-parser of the model: hermes (Hermes, Qwen2.5, Qwen3), qwen3_xml (Qwen3.5, Qwen3-Coder), llama3_json (Llama 3)";

/** What the probe found, a line each. `rendered`: the server has shown that its template takes tools. */
export function probeLines(
  probe: ToolProbe,
  facts: ModelFacts,
  effort: Effort,
  model: string,
  how: { readonly deadlineMs: number; readonly rendered: boolean },
): CheckResult[] {
  const { deadlineMs, rendered } = how;
  if (probe.done === 0) {
    const text = `No tool call was answered within ${deadlineMs / 1_000} s: the model is too slow, or the server busy.`;
    return [warn("tools.accuracy", text, "`hermes bench model` measures its speed.")];
  }
  return [
    accuracy(probe, adviceFor(facts, effort, model), deadlineMs),
    ...wrong(probe),
    ...textForm(probe, facts, rendered),
    speed(probe),
  ];
}

function accuracy(probe: ToolProbe, advice: string, deadlineMs: number): CheckResult {
  const { right, done, cases } = probe;
  const { low, high } = bounds(right, done);
  const late = done < cases ? `, ${done} of ${cases} in the ${deadlineMs / 1_000} s given` : "";
  const text = `Tool calls: ${right} of ${done} cases right (${percent(right / done)}${late}). The true rate lies between ${percent(low)} and ${percent(high)}.`;
  if (high < leastRight) return (high < useless ? fail : warn)("tools.accuracy", text, advice);
  const open = low >= leastRight ? "" : verdict(cases);
  if (right / done >= leastRight) return ok("tools.accuracy", `${text}${open}`);
  return warn("tools.accuracy", `${text}${open}`, advice);
}

/** Such a model can't do anything with tools. */
const useless = 0.5;
const fullCases = 100;

function verdict(cases: number): string {
  const more = cases < fullCases ? `; \`hermes doctor --full\` asks ${fullCases}` : "";
  return ` ${cases} cases are no verdict on whether that is above ${percent(leastRight)}${more}.`;
}

const mostWrong = 4;

function wrong({ wrong: all }: ToolProbe): CheckResult[] {
  if (all.length === 0) return [];
  const kinds = Map.groupBy(all, ({ instead }) => instead);
  const told = [...kinds].slice(0, mostWrong).map(([instead, cases]) => `${casesOf(cases)}: ${instead.replace(/\.$/, "")}`);
  const more = [...kinds.values()].slice(mostWrong).reduce((sum, cases) => sum + cases.length, 0);
  return [warn("tools.wrong", `Not as asked: ${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`, "")];
}

/** The first by its name, the others by their number: they went wrong in the same way. */
function casesOf(cases: ToolProbe["wrong"]): string {
  const first = `"${cases[0]?.name ?? ""}"`;
  return cases.length === 1 ? first : `${first} and ${cases.length - 1} ${cases.length === 2 ? "other" : "others"}`;
}

function textForm({ calls, textCalls }: ToolProbe, { kind }: ModelFacts, rendered: boolean): CheckResult[] {
  if (calls === 0 && kind === "llama-server" && !rendered) return [noCalls];
  if (textCalls === 0) return [];
  const text = `${textCalls} of ${calls} calls (${percent(textCalls / calls)}) came as text that the server had not recognised: a wrong --tool-call-parser or template. They are read here, but less reliably.`;
  const mend = kind === "vllm" ? `Start vLLM with ${parsers}.` : formMend[kind === "llama-server" ? "llama" : "other"];
  return [warn("tools.form", text, mend)];
}

const formMend = {
  llama: "Start llama-server with --jinja and the model's own chat template (--chat-template-file).",
  other: "Give the server the model's own chat template and parser.",
};

const noCalls = warn(
  "tools.form",
  "Not one call was made. An older llama-server leaves tools out without a word when it runs without --jinja.",
  "Start llama-server with --jinja; if it does so already, take another model.",
);

function speed({ coldMs, warmMs, writePerSecond, cached }: ToolProbe): CheckResult {
  const parts = [
    `First token after ${time(coldMs)} cold, ${time(warmMs)} warm`,
    rate(writePerSecond),
    cached === null ? "the server does not tell what it took from its cache" : `${percent(cached)} of the prompts from the cache`,
  ];
  const text = `${parts.join("; ")}.`;
  if (writePerSecond === null || writePerSecond >= leastWritten) return ok("tools.speed", text);
  const mend = `Under ${leastWritten} tok/s people wait for words: \`hermes bench model\` shows more; a smaller or lighter model would help.`;
  return warn("tools.speed", text, mend);
}

/** 94.9 % is not 95. */
function percent(part: number): string {
  return `${Math.floor(part * 100 + 1e-9)} %`;
}
