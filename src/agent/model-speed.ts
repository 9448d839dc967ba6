import type { Model } from "../core/model.ts";
import { shownModel } from "../model/address.ts";
import { median } from "../model/measure/asking.ts";
import { measureSpeed } from "../model/measure/speed.ts";
import { rate, speedMeaning, speedTable } from "../model/measure/speed-words.ts";
import type { Db } from "../store/hold.ts";
import { latestSpeeds } from "../store/usage.ts";

/** How fast a model is, for the agent to tell: what its last calls showed, or a measurement made now for `person`. */
export async function modelSpeed(
  db: Db,
  model: Model,
  person: string,
  fresh: boolean,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const name = `${shownModel(model.name)} at ${model.server}`;
  if (model.demonstration) return "There is no model server: a script answers, and its speed means nothing.";
  if (!fresh) return await recently(db, model, name);
  const caller = { person, session: null, urgency: "interactive" } as const;
  const report = await measureSpeed(model, AbortSignal.any([signal, AbortSignal.timeout(longestMs)]), { say, caller });
  return [name, "", ...speedTable(report), "", ...speedMeaning(report).map((line) => `- ${line}`)].join("\n");
}

/** Longer than this nobody waits for a figure. */
const longestMs = 300_000;
/** So many calls make a steady figure. */
const latest = 20;

async function recently(db: Db, model: Model, name: string): Promise<string> {
  const calls = await latestSpeeds(db, model, latest);
  const [read, write] = [calls.flatMap((each) => each.read ?? []), calls.flatMap((each) => each.write ?? [])];
  if (read.length === 0 && write.length === 0) return `No call to ${name} has told its speed yet; a fresh measurement will.`;
  const prompts = calls.flatMap((each) => each.promptTokens ?? []);
  const size = prompts.length === 0 ? "" : `, with prompts of ${Math.min(...prompts)} to ${Math.max(...prompts)} tokens`;
  return `${name}, the middle of its last ${calls.length} calls${size}: reading (PP) ${rate(median(read))}, writing (TG) ${rate(median(write))}.`;
}
