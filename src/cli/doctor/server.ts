import { asFailure } from "../../core/failures.ts";
import type { Model, ModelFacts } from "../../core/model.ts";
import { askAt } from "../../model/discovery/asking.ts";
import { counted } from "../../model/discovery/reading.ts";
import { probeAgreement } from "../../model/measure/agreement.ts";
import { type Leak, probeLeak } from "../../model/measure/canary.ts";
import { probeInjection } from "../../model/measure/injection.ts";
import { probeTemplate } from "../../model/measure/template.ts";
import { probePinning } from "../../model/pinning.ts";
import { toolSpecs, tools } from "../../tools/index.ts";
import { type CheckResult, fail, ok, warn } from "./check.ts";
import type { RawServer } from "../raw-server.ts";

/** A slow server answers a few short requests, or reads two prompts of 2,000 tokens, in this. */
const stageMs = 60_000;

/** What the chat template does with tools, where the server shows it, and the template's special words. */
export async function templateLines(
  { connection, address }: RawServer,
  facts: ModelFacts,
  signal: AbortSignal,
): Promise<{ readonly lines: CheckResult[]; readonly words: readonly string[] }> {
  const found = facts.kind === "llama-server" ? await probeTemplate(askAt(connection, address, signal)) : null;
  if (found === null) return { lines: [], words: [] };
  const { missing, opens, words } = found;
  const mend =
    "Give llama-server a template that has a place for tools (--jinja --chat-template-file), or take a model made for tools.";
  if (missing.length > 0) {
    return { lines: [fail("tools.template", `The chat template leaves out the ${missing.join(", the ")}.`, mend)], words };
  }
  if (!opens) {
    const text = "After a tool's result the chat template does not hand the word to the model, so it may answer nothing.";
    return { lines: [warn("tools.template", text, mend)], words };
  }
  return { lines: [ok("tools.template", "The chat template shows tools, calls and results to the model.")], words };
}

/** Whether a message could smuggle a control token into the prompt. */
export async function injectionLine(model: Model, words: readonly string[], signal: AbortSignal): Promise<CheckResult[]> {
  const through = await probeInjection(model, words, signal);
  if (through === null) return [];
  if (through.length === 0)
    return [ok("tools.injection", "Control tokens in people's messages are broken up, and stay plain text for this model.")];
  const mend = "Please report this model's name, so that its tokens are broken up too; until then let in only people you trust.";
  return [fail("tools.injection", `A message can contain control tokens that work: ${through.join(" ")}.`, mend)];
}

/** Whether a streamed answer holds the calls that a whole one does. */
export async function agreementLine(raw: RawServer, model: Model, signal: AbortSignal): Promise<CheckResult[]> {
  const { provider, connection, address } = raw;
  const [tool] = toolSpecs(tools, "A Linux container.").filter((each) => each.name === "terminal");
  if (tool === undefined || provider.apiMode === "responses" || provider.apiMode === "anthropic_messages") return [];
  const within = AbortSignal.any([signal, AbortSignal.timeout(stageMs)]);
  const found = await probeAgreement(connection, address, model, tool, within).catch(() => null);
  switch (found) {
    case null:
      return [];
    case "equal":
      return [ok("tools.stream", "A streamed call is the same as one in a whole answer.")];
    case "different":
      return [warn("tools.stream", "A streamed call differs from the same one in a whole answer.", parserMend)];
    case "lost in the stream":
      return [fail("tools.stream", "The server finds calls in whole answers and loses them in streams.", parserMend)];
  }
}

const parserMend = "That is a fault of the server's parser: bring the server up to date, or name another --tool-call-parser.";

/** Whether what one conversation was told turns up in another. */
export async function leakLine(model: Model, facts: ModelFacts, signal: AbortSignal): Promise<CheckResult[]> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(stageMs)]);
  try {
    return [leakResult(await probeLeak(model, within), facts)];
  } catch (thrown) {
    return [warn("tools.leak", `Whether the cache keeps people apart was not found out: ${asFailure(thrown).message}.`, "")];
  }
}

function leakResult(leak: Leak, { kind }: ModelFacts): CheckResult {
  if (leak === null) return ok("tools.leak", "A code word told in one conversation did not turn up in another.");
  const when = leak === "at once" ? "in the very next request" : "two requests later";
  const mend =
    kind === "llama-server"
      ? "Start llama-server with --cache-ram 0 --no-cache-idle-slots, if need be with -np 1, and bring it up to date (after commit a0e27a3e4)."
      : "Turn the server's prompt cache off, and bring the server up to date.";
  return fail(
    "tools.leak",
    `The server's cache leaks: a code word told in one conversation turned up in another, ${when}.`,
    mend,
  );
}

/** Whether naming a slot finds its cache again, on a llama-server with several. */
export async function pinningLine(
  { connection, server }: RawServer,
  facts: ModelFacts,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const { kind, slots, window } = facts;
  if (kind !== "llama-server" || slots === null || slots < 2) return [];
  const within = AbortSignal.any([signal, AbortSignal.timeout(stageMs)]);
  const { helps, promptTokens, cachedTokens } = await probePinning({ connection, server }, [0, 1], window, within);
  if (helps === null || promptTokens === null || cachedTokens === null) return [];
  const again = `${counted(promptTokens - cachedTokens)} of ${counted(promptTokens)} tokens are read again`;
  if (helps)
    return [ok("tools.slots", `A conversation that keeps its slot finds its cache: ${again}. The agent does so by itself.`)];
  return [
    warn(
      "tools.slots",
      `A conversation that comes back to its slot finds its cache gone: ${again}. The agent names no slots here.`,
      `Start llama-server with -np ${slots}, or with --no-cache-idle-slots.`,
    ),
  ];
}
