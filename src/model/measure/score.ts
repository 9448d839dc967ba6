import type { ModelAnswer, ToolCall } from "../../core/model.ts";
import type { Expected, ProbeCase } from "../probe-cases/index.ts";
import type { ExpectedCall } from "../probe-cases/case.ts";
import { isObject, parsed } from "../arguments.ts";

/** How an answer compares with what was expected. */
export interface Score {
  readonly right: boolean;
  /** The right tools were named, whatever their arguments. */
  readonly tool: boolean;
  /** With the right arguments. */
  readonly args: boolean;
  /** Nothing else was called. */
  readonly alone: boolean;
  /** Calls of the answer, and how many of them came as text that the server had not recognised. */
  readonly calls: number;
  readonly textCalls: number;
  /** What it did instead, in a few words; empty when right. */
  readonly instead: string;
}

/** Scores one answer. A call that came as text counts like another here: the agent reads both; the text form is told by itself. */
export function score({ expected, tools }: ProbeCase, answer: ModelAnswer): Score {
  const { calls, textCalls } = answer;
  const found = expected.type === "words" ? noCalls(expected.fits, answer) : compared(expected, calls, tools);
  // An answer cut off by its limit is never run, however right it looks.
  const whole = answer.finish !== "length";
  const right = found.tool && found.args && found.alone && whole;
  const instead = right ? "" : whole ? insteadOf(answer) : "the answer was cut off by its limit";
  return { ...found, right, calls: calls.length, textCalls, instead };
}

type Compared = Pick<Score, "tool" | "args" | "alone">;

function noCalls(fits: RegExp, { content, calls }: ModelAnswer): Compared {
  return { tool: calls.length === 0, args: fits.test(content), alone: calls.length === 0 };
}

/** One of several calls at a time is right too: the next step makes the other. */
function compared(
  { calls: wanted }: Expected & { type: "calls" },
  calls: readonly ToolCall[],
  tools: ProbeCase["tools"],
): Compared {
  const names = wanted.map((each) => each.name);
  const fitting = calls.filter((each) => wanted.some((one) => fits(one, each, tools)));
  return {
    tool: calls.length > 0 && calls.every((each) => names.includes(each.name)),
    args: fitting.length > 0 && fitting.length === calls.length,
    alone: calls.length <= wanted.length && new Set(calls.map((each) => each.arguments)).size === calls.length,
  };
}

function fits(wanted: ExpectedCall, given: ToolCall, tools: ProbeCase["tools"]): boolean {
  const args = parsed(given.arguments);
  if (wanted.name !== given.name || !isObject(args)) return false;
  const properties = tools.find((tool) => tool.name === given.name)?.parameters["properties"];
  const harmless = (name: string, value: unknown): boolean =>
    value === null || value === "" || (isObject(properties) && isDefault(properties[name], value));
  const others = Object.entries(args).filter(([name]) => !(name in wanted.args));
  return Object.entries(wanted.args).every(([name, right]) => right(args[name])) && others.every((each) => harmless(...each));
}

/** Defaults that are nothing aren't told. */
function isDefault(schema: unknown, value: unknown): boolean {
  if (!isObject(schema)) return false;
  return "default" in schema ? schema["default"] === value : value === 0 || value === false || isEmptyList(value);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

const longestQuote = 80;

function insteadOf({ calls, content }: ModelAnswer): string {
  const did = calls.length > 0 ? calls.map((each) => `${each.name}(${each.arguments})`).join(", ") : content.trim();
  // It is printed at a terminal.
  const clean = did.replaceAll(/[\s\p{Cc}]+/gu, " ");
  if (clean === "") return "said nothing";
  return clean.length > longestQuote ? `${clean.slice(0, longestQuote)}…` : clean;
}
