import { asFailure, Failure } from "../../core/failures.ts";
import type { Model } from "../../core/model.ts";
import { shownModel } from "../../model/address.ts";
import { ask } from "../../model/measure/asking.ts";
import { requireListed } from "../../model/measure/listing.ts";
import { probeTools } from "../../model/measure/tool-probe.ts";
import type { ModelSettings } from "../../model/settings.ts";
import { toolSpecs, tools } from "../../tools/index.ts";
import { aboutModel, withModel } from "../asked-model.ts";
import { type CheckInput, type CheckResult, ok, warn } from "./check.ts";
import { agreementLine, injectionLine, leakLine, pinningLine, templateLines } from "./server.ts";
import { openServer, type RawServer } from "../raw-server.ts";
import { faultLine, probeLines } from "./tool-words.ts";

/** One minute for twenty cases; a hundred get five. */
const probeMs = 60_000;
const fullProbeMs = 300_000;

/** How well the configured model calls tools, how fast it is, and whether its server keeps people apart. */
export async function checkTools(input: CheckInput): Promise<CheckResult[]> {
  const { context, loaded, asked } = input;
  if (asked.quick) return [ok("tools.probe", "Not probed, because of --quick.")];
  try {
    return await withModel(loaded.config, {}, async (model, settings) => {
      const raw = openServer(model, settings);
      try {
        await requireListed(raw, model, AbortSignal.timeout(fullProbeMs));
        return await probeAll({ model, raw, settings, full: asked.full }, (line) => context.remark(line));
      } finally {
        await raw.close();
      }
    });
  } catch (thrown) {
    // The check of the model has told why, with the mend.
    if (thrown instanceof Failure) return [warn("tools.probe", `Not probed: ${thrown.message.replace(/\.$/, "")}.`, "")];
    throw thrown;
  }
}

interface Probed {
  readonly model: Model;
  readonly raw: RawServer;
  readonly settings: ModelSettings;
  readonly full: boolean;
}

async function probeAll({ model, raw, settings, full }: Probed, say: (line: string) => void): Promise<CheckResult[]> {
  const signal = AbortSignal.timeout(fullProbeMs * 2);
  const deadlineMs = full ? fullProbeMs : probeMs;
  const name = shownModel(model.name);
  say(`Probing ${name} for ${full ? "up to five minutes" : "about a minute"}; --quick leaves this out, Ctrl-C stops it.`);
  const facts = await model.facts(signal);
  const about = ok("tools.probe", `${await aboutModel(model, signal)}.`);
  const remarks = facts.remarks.map((text) => warn("tools.remark", text, ""));
  const template = await templateLines(raw, facts, signal);
  const injection = await injectionLine(model, template.words, signal);
  const probe = await probeTools(model, signal, { tools: toolSpecs(tools, "A Linux container."), full, deadlineMs, say });
  const fault = faultLine(probe, facts);
  const named = [...template.lines, ...(fault === null ? [] : [fault])];
  const seen = [
    about,
    ...remarks.filter(({ text }) => !named.some((each) => saysSame(each, text))),
    ...template.lines,
    ...injection,
  ];
  if (fault !== null) {
    const why = await plainFailure(model, signal);
    return [...seen, why === null ? fault : warn("tools.probe", `Not probed: ${why}.`, "")];
  }
  const found = [
    ...seen,
    ...probeLines(probe, facts, settings.effort, model.name, { deadlineMs, rendered: template.lines.length > 0 }),
  ];
  say("Whole answers against streams, then the cache: whether it keeps people apart …");
  const agreement = probe.calls > probe.textCalls ? await agreementLine(raw, model, signal) : [];
  const leak = await leakLine(model, facts, signal);
  say("Slots …");
  return [...found, ...agreement, ...leak, ...(await pinningLine(raw, facts, signal))];
}

/** Whether a fault says again what the server let be known before it was asked anything: the lack of the same flag or template. */
function saysSame({ state, text, mend }: CheckResult, remark: string): boolean {
  return state === "fail" && flags.some((flag) => flag.test(remark) && flag.test(`${text} ${mend}`));
}

const flags = [/refuses tools.*--jinja/, /--tool-call-parser/, /chat template.*tools/i];

/** Why the model answers nothing at all, tools or not; null when it does answer. The check of the model has told the mend. */
async function plainFailure(model: Model, signal: AbortSignal): Promise<string | null> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(plainMs)]);
  const plain = { tools: [], toolChoice: "auto", effort: "none", maxTokens: 1 } as const;
  return await ask(model, { ...plain, messages: [{ role: "user", content: "Say ok." }] }, within).then(
    () => null,
    (thrown: unknown) => asFailure(thrown).message.replace(/\.$/, ""),
  );
}

const plainMs = 30_000;
