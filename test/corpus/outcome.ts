import { buildAnswer, type WireChunk } from "../../src/model/answer.ts";
import { matchName } from "../../src/model/names.ts";
import { parseArguments, tools, toolSpecs } from "../../src/tools/index.ts";
import type { CorpusCase } from "./case.ts";

const offered = tools.filter((tool) => ["terminal", "read_file", "write_file", "memory"].includes(tool.name));
const specs = toolSpecs(offered, "");

/** What came of a stream. */
export interface Outcome {
  readonly runs: readonly (readonly [tool: string, args: Readonly<Record<string, unknown>>])[];
  readonly shown: string;
  readonly thought: string;
  readonly told: boolean;
  /** All that a person saw at any time, one entry for each event. */
  readonly seen: readonly string[];
}

/** Takes the chunks as the product does: answer, then names, then the tools' own check of the arguments. */
export function outcomeOf(chunks: readonly WireChunk[]): Outcome {
  const builder = buildAnswer(specs, 0);
  const events = chunks.flatMap((chunk) => builder.take(chunk));
  const broken = !builder.finished;
  const ended = broken ? null : builder.end();
  const seen = [...events, ...(ended?.events ?? [])].flatMap((event) => (event.type === "text" ? [event.delta] : []));
  if (ended === null) return { runs: [], shown: builder.partial(), thought: "", told: true, seen };
  const { answer } = ended;
  const wanted = answer.finish === "length" ? [] : answer.calls.map((call) => settled(call.name, call.arguments));
  const runs = wanted.flatMap((call) => (call === null ? [] : [call]));
  const told = answer.finish === "length" || answer.malformed.length > 0 || runs.length < wanted.length;
  return { runs, shown: answer.content, thought: answer.reasoning, told, seen };
}

function settled(name: string, args: string): readonly [string, Readonly<Record<string, unknown>>] | null {
  const known = matchName(
    name,
    offered.map((tool) => tool.name),
  );
  const tool = offered.find((candidate) => candidate.name === known);
  const parsed = tool === undefined ? null : parseArguments(tool, args);
  return tool !== undefined && parsed?.ok === true ? [tool.name, parsed.args] : null;
}

/** What differs from what must come out; empty when the stream is recovered. */
export function faultsOf(wanted: CorpusCase, outcome: Outcome): string[] {
  const faults: string[] = [];
  const same = (what: string, got: unknown, want: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(want)) faults.push(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
  };
  same("runs", outcome.runs, wanted.runs);
  same("shown", outcome.shown, wanted.shown);
  if (wanted.thought !== undefined) same("thought", outcome.thought, wanted.thought);
  if (wanted.told && !outcome.told) faults.push("the model is not told");
  if (!wanted.told && outcome.told) faults.push("the model is told of a fault that there is none of");
  return faults;
}

/** The same stream with its text in pieces of these lengths. */
export function resplit(chunks: readonly WireChunk[], lengths: (text: string) => readonly number[]): WireChunk[] {
  return chunks.flatMap((chunk) => {
    const choice = chunk.choices?.[0];
    const text = choice?.delta?.content;
    if (!choice || typeof text !== "string" || text === "") return [chunk];
    let from = 0;
    return lengths(text).map((length) => {
      const content = text.slice(from, from + length);
      from += length;
      return { choices: [{ ...choice, delta: { ...choice.delta, content } }] };
    });
  });
}
