import { expandBraces } from "./braces.ts";
import { braceClose, braceComma, braceOpen, split, unknown } from "./marks.ts";
import { applied, type Values } from "./parameters.ts";
import type { Part, Script, Word } from "./shell-tree.ts";

/** What expanding needs to know. */
export interface Scope {
  /** What each variable may hold; several where it was set several times. */
  readonly variables: Map<string, Values>;
  /** What a script in `$(…)` or `<(…)` would print; null where that only shows when it runs. It is judged as well. */
  output(script: Script): string | null;
}

/** Ways a word may come out are followed up to this many. */
const mostWays = 16;
/** A value longer than this is followed no further. */
const longestValue = 16_384;

/** The ways a word may come out, each as the words it makes. */
export function expandWord(word: Word, scope: Scope): readonly (readonly string[])[] {
  const quoted = word.parts.some((part) => part.type === "text" && part.quoted);
  return ways(word, scope).map((way) => {
    const made = expandBraces(way).flatMap((each) => each.split(split));
    const words = made.filter((each) => each !== "");
    return words.length === 0 && quoted ? [""] : words;
  });
}

/** The ways a word may come out where it is not split: in assignments and after redirections. */
export function expandText(word: Word, scope: Scope): Values {
  return ways(word, scope).map((way) =>
    way.replaceAll(split, " ").replaceAll(braceOpen, "{").replaceAll(braceComma, ",").replaceAll(braceClose, "}"),
  );
}

function ways(word: Word, scope: Scope): readonly string[] {
  let made: readonly string[] = [""];
  for (const [index, part] of word.parts.entries()) {
    const choices = partWays(part, scope, index === 0);
    made =
      choices.length === 1
        ? made.map((each) => joined(each, choices[0] ?? ""))
        : made.flatMap((each) => choices.map((choice) => joined(each, choice))).slice(0, mostWays);
  }
  return made;
}

function joined(a: string, b: string): string {
  return a.length + b.length > longestValue && b.length < longestValue ? (a.endsWith(unknown) ? a : a + unknown) : a + b;
}

function partWays(part: Part, scope: Scope, first: boolean): readonly string[] {
  switch (part.type) {
    case "text":
      // A quoted ~ is a file of that name, and quoted braces are no choice.
      if (part.quoted) return [first && part.text.startsWith("~") ? `./${part.text}` : part.text];
      return [part.text.replaceAll("{", braceOpen).replaceAll("}", braceClose).replaceAll(",", braceComma)];
    case "parameter": {
      const argument = part.argument === null ? [""] : expandText(part.argument, scope);
      const values = applied(part.name, part.operator, argument, scope.variables);
      return part.quoted ? values : values.map(splitValue);
    }
    case "substitution": {
      const printed = scope.output(part.script)?.replace(/\n+$/, "") ?? unknown;
      return [part.quoted ? printed : splitValue(printed)];
    }
    case "process":
      scope.output(part.script);
      return ["/dev/fd/63"];
    case "arithmetic":
      for (const script of part.scripts) scope.output(script);
      return ["0"];
  }
}

function splitValue(value: string): string {
  return value.replaceAll(/[ \t\n]+/g, split);
}
