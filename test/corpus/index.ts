import { brokenArguments, cutOff } from "./broken.ts";
import type { CorpusGroup } from "./case.ts";
import { driftingJson, driftingTags, olderServers, runOn } from "./drift.ts";
import { ordinary } from "./ordinary.ts";
import { deltas } from "./deltas.ts";
import { bare, glm, mistral } from "./glm-llama-mistral.ts";
import { hermes } from "./hermes.ts";
import { others } from "./others.ts";
import { qwenCoder } from "./qwen-coder.ts";
import { thinking } from "./thinking.ts";
import { deepSeek, gptOss, kimi } from "./tokens.ts";

/** All malformed streams, by what is wrong with them. */
export const corpus: readonly CorpusGroup[] = [
  { name: "Hermes, Qwen: JSON in `<tool_call>`", cases: hermes },
  { name: "Qwen Coder, Qwen 3.5, Seed: `<function=…>`", cases: qwenCoder },
  { name: "GLM: `<arg_key>`", cases: glm },
  { name: "Llama 3 and bare JSON", cases: bare },
  { name: "Mistral: `[TOOL_CALLS]`", cases: mistral },
  { name: "DeepSeek: full-width tokens, DSML", cases: deepSeek },
  { name: "Kimi K2, K3", cases: kimi },
  { name: "gpt-oss: channels", cases: gptOss },
  { name: "MiniMax, LFM2, Gemma, Command R and others", cases: others },
  { name: "Tags that drift: other words, lost letters, another's close", cases: driftingTags },
  { name: "JSON that drifts: Python's, raw line breaks, other keys", cases: driftingJson },
  { name: "Run on: made-up results, others' turns", cases: runOn },
  { name: "Tokens taken away, older fields, repeated ids", cases: olderServers },
  { name: "Thinking left in the text", cases: thinking },
  { name: "Streamed pieces of calls", cases: deltas },
  { name: "Broken arguments", cases: brokenArguments },
  { name: "Cut off", cases: cutOff },
  { name: "Ordinary answers about calls, code, XML and JSON: left alone", cases: ordinary },
];
