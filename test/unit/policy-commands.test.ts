import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "just-bash";
import { classLabels } from "../../src/core/approval.ts";
import { inspect } from "../../src/sandbox/policy/inspect.ts";

interface Case {
  /** A class; with `!` it must be on the floor; `harmless` for nothing found. */
  readonly expected: string;
  readonly command: string;
}

const cases: readonly Case[] = readFileSync(new URL("../corpus/commands.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => {
    const [expected = "", command = ""] = line.split("\t");
    const text: unknown = JSON.parse(command);
    assert(typeof text === "string");
    return { expected, command: text };
  });

function found(command: string): readonly string[] {
  const { findings } = inspect(command, "shell", "/code/project", "/home/u/.hermes");
  return findings.map((each) => `${each.class}${each.floor ? "!" : ""}`);
}

test("the corpus is large, and holds every class and many look-alikes", () => {
  assert(cases.length >= 400, String(cases.length));
  const classes = new Set(cases.map(({ expected }) => expected.replace("!", "")));
  const unseen = Object.keys(classLabels).filter((label) => !classes.has(label));
  // These come from the tools' kind, not from a command.
  assert.deepEqual(unseen, ["send", "mcp"]);
  assert(cases.filter(({ expected }) => expected === "harmless").length >= 90);
});

test("dangerous commands are found in every disguise of the corpus", () => {
  for (const { expected, command } of cases) {
    if (expected !== "harmless")
      assert(found(command).includes(expected), `${command}\n  found ${found(command).join(" ")}, not ${expected}`);
  }
});

test("harmless look-alikes are left alone", () => {
  for (const { expected, command } of cases) if (expected === "harmless") assert.deepEqual(found(command), [], command);
});

test("what is merely to be asked for is never taken for what never runs", () => {
  for (const { expected, command } of cases) {
    if (!expected.endsWith("!"))
      assert(!found(command).some((each) => each.endsWith("!")), `${command}\n  found ${found(command).join(" ")}`);
  }
});

test("every command that a bash parser sees in the corpus is seen here too", () => {
  let compared = 0;
  for (const { command } of cases) {
    const names = parsedNames(command);
    const { calls } = inspect(command, "shell", "/code/project", "/home/u/.hermes");
    const seen = new Set(calls.map((each) => each.split(" ")[0]));
    for (const name of names) {
      compared += 1;
      assert(seen.has(name), `${command}\n  ${name} is not among ${[...seen].join(", ")}`);
    }
  }
  assert(compared > 400, String(compared));
});

/** Names of the commands in a text as just-bash reads it; none where it can't. */
function parsedNames(command: string): readonly string[] {
  const names: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("type" in node && node.type === "SimpleCommand" && "name" in node) {
      const name = literalName(node.name);
      if (name !== null) names.push(name);
    }
    for (const value of Object.values(node)) walk(value);
  };
  try {
    walk(parse(command));
  } catch {
    return [];
  }
  return names;
}

function literalName(word: unknown): string | null {
  if (typeof word !== "object" || word === null || !("parts" in word) || !Array.isArray(word.parts)) return null;
  const parts: readonly { readonly type: string; readonly value?: unknown }[] = word.parts;
  const text = parts.map(({ type, value }) =>
    ["Literal", "SingleQuoted", "Escaped"].includes(type) && typeof value === "string" ? value : null,
  );
  return text.includes(null) || text.join("") === "" ? null : text.join("");
}
