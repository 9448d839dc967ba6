import type { ModelAnswer, ModelMessage } from "../core/model.ts";
import { keepSentFile } from "../store/files.ts";
import { journalStep } from "../store/journal.ts";
import { answerKey } from "../store/turns.ts";
import { namedCall } from "../tools/names.ts";
import { accountOf } from "./account.ts";
import { attached } from "./attachments.ts";
import { readConstrained } from "./constrained.ts";
import { close, fail } from "./endings.ts";
import * as failures from "./failures.ts";
import { type Flaw, flawsNoted, noteOf } from "./notes.ts";
import type { Mode } from "./strikes.ts";
import { again, type LoopState, type Next, type TurnSetting } from "./turn-setting.ts";

/** How often an answer that is empty or cut off is asked for again in one turn. */
const maxRepairs = 2;

/** A step that has been asked for, with the turn's own part of the journal. */
export interface Step {
  readonly state: LoopState;
  readonly own: readonly ModelMessage[];
  readonly mode: Exclude<Mode, "struck_out">;
}

/** What to do with a whole answer: run its calls, ask again, or close the turn with it. */
export async function takeAnswer(setting: TurnSetting, step: Step, given: ModelAnswer): Promise<Next> {
  const answer = step.mode === "constrained" ? unwrapped(given) : given;
  if (answer === null) {
    const account = accountOf(step.own, setting.tools, await setting.asking.language());
    return await end(fail(setting, account, failures.struckOut(setting.model.name)));
  }
  if (step.mode === "closing") return await concluded(setting, step, answer);
  if (answer.calls.length > 0 && answer.finish !== "length") {
    const { content, reasoning } = answer;
    const names = [...setting.tools.keys()];
    const calls = answer.calls.map((call) => namedCall(call, names));
    const message: ModelMessage = { role: "assistant", content, reasoning, calls };
    await journalStep(setting.db, setting.hold, setting.turn.id, step.state.step, message);
    return again;
  }
  const flaw = flawOf(answer);
  if (flaw !== null) return await repaired(setting, step, answer, flaw);
  const misfit = setting.misfit(answer.content);
  // It is told once: who asked for the form is told of what does not have it.
  if (misfit === null || flawsNoted(step.own).includes("unfit")) return await answered(setting, answer);
  return await tell(setting, step, { ...answer, malformed: [misfit] }, "unfit");
}

/** The closing answer: it stands if it is one, whatever else it held; where the model would only go on, the turn has failed. */
async function concluded(setting: TurnSetting, step: Step, answer: ModelAnswer): Promise<Next> {
  if (answer.calls.length === 0 && answer.content.trim() !== "") return await answered(setting, answer);
  const failure = step.state.step >= setting.maxSteps ? failures.stepLimit(setting.mostSteps) : failures.circling();
  return await end(fail(setting, await closingWords(setting, step, answer.content), failure));
}

async function answered(setting: TurnSetting, { content, reasoning, usage }: ModelAnswer): Promise<Next> {
  const { db, hold, turn, context } = setting;
  const keep = (index: number, bytes: Uint8Array) => keepSentFile(db, hold, answerKey(turn.id, index + 1), bytes);
  // What a subagent names lies in the workspace of whoever reads it.
  const reports = turn.request.errand?.type === "subagent";
  const { markdown, files } = reports
    ? { markdown: content, files: [] }
    : await attached(content, context.sandbox, keep, setting.asking.language);
  const footer = await setting.footer.line(usage);
  const body = footer === null ? { markdown } : { markdown, footer };
  await close(setting, "answered", { role: "assistant", content, reasoning, calls: [] }, null, body, files);
  const { titles } = setting;
  const talk = {
    session: turn.session,
    chat: turn.request.chat,
    person: turn.person,
    request: turn.request.text,
    answer: content,
  };
  setting.afterwards(() => titles.consider(talk));
  return { type: "end", end: "answered" };
}

/** What there is to say at the end where the model only went on calling: its own words, if any, and what has been done. */
async function closingWords(setting: TurnSetting, { own }: Step, content: string): Promise<string> {
  const account = accountOf(own, setting.tools, await setting.asking.language());
  return [content, account].filter((part) => part.trim() !== "").join("\n\n");
}

/** The model went in circles: it is told once; a second time the turn ends with what it had said before. */
export async function takeRepeating(setting: TurnSetting, step: Step, kept: string): Promise<Next> {
  if (step.mode === "closing") return await end(fail(setting, await closingWords(setting, step, kept), failures.repeating()));
  if (flawsNoted(step.own).includes("repeating")) return await end(fail(setting, kept, failures.repeating()));
  return await tell(setting, step, { content: kept, reasoning: "", malformed: [] }, "repeating");
}

/** A constrained answer as any other; null when it keeps to no schema. */
function unwrapped(answer: ModelAnswer): ModelAnswer | null {
  const said = answer.finish === "length" ? null : readConstrained(answer.content);
  switch (said?.type) {
    case undefined:
      return null;
    case "answer":
      return { ...answer, content: said.text, calls: [], finish: "stop" };
    case "call":
      return { ...answer, content: "", calls: [said.call], finish: "calls" };
  }
}

/** What the model must be told about its own answer, or null when it is fine. */
function flawOf(answer: ModelAnswer): Flaw | null {
  if (answer.calls.length > 0) return "cut";
  if (answer.malformed.length > 0) return answer.finish === "length" ? "cut" : "malformed";
  if (answer.content.trim() !== "") return null;
  return answer.finish === "length" ? "overthought" : "empty";
}

async function repaired(setting: TurnSetting, step: Step, answer: ModelAnswer, flaw: Flaw): Promise<Next> {
  const before = flawsNoted(step.own).filter((noted) => noted !== "malformed" && noted !== "repeating");
  if (flaw !== "malformed" && before.length >= maxRepairs) return await end(fail(setting, answer.content, failures.flawed(flaw)));
  return await tell(setting, step, answer, flaw);
}

async function tell(
  setting: TurnSetting,
  { state }: Step,
  { content, reasoning, malformed }: Pick<ModelAnswer, "content" | "reasoning" | "malformed">,
  flaw: Flaw,
): Promise<Next> {
  const said: ModelMessage = { role: "assistant", content: content.trim() === "" ? "(nothing)" : content, reasoning, calls: [] };
  await journalStep(setting.db, setting.hold, setting.turn.id, state.step, said, noteOf(flaw, malformed));
  setting.emit({ type: "step", step: state.step + 1 });
  return again;
}

async function end(closing: Promise<"failed" | "answered" | "stopped" | "handed_over">): Promise<Next> {
  return { type: "end", end: await closing };
}
