import { split, unknown } from "./marks.ts";

/** The values something may have. */
export type Values = readonly string[];

/** What a shell holds before anything is set, as far as it matters for what runs. `~` stands for the home. */
const given: Readonly<Record<string, Values>> = {
  HOME: ["~"],
  IFS: [" "],
  PATH: ["/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  SHELL: ["/bin/bash"],
  BASH: ["/bin/bash"],
  "0": ["bash"],
  "@": [""],
  "*": [""],
  PWD: ["."],
  OLDPWD: [unknown],
  "?": ["0"],
  $: [unknown],
  "!": [unknown],
  "#": ["0"],
  "-": [""],
  RANDOM: [unknown],
  USER: [unknown],
  LOGNAME: [unknown],
  HOSTNAME: [unknown],
  TMPDIR: ["/tmp"],
};

/** Values of `${name operator argument}`. A variable that nothing has set may be empty or anything. */
export function applied(name: string, operator: string, argument: Values, variables: Map<string, Values>): Values {
  const values = valuesOf(name, variables);
  const [first = ""] = argument;
  switch (operator) {
    case "":
      return values;
    case ":-":
    case "-":
      return distinct([...argument, ...values.filter((value) => value !== "")]);
    case ":=":
    case "=":
      variables.set(name, distinct([...argument, ...values.filter((value) => value !== "")]));
      return valuesOf(name, variables);
    case ":+":
    case "+":
      return distinct(["", ...argument]);
    // It stops where the variable is empty, so it is not.
    case ":?":
    case "?":
      return values.some((value) => value !== "") ? values.filter((value) => value !== "") : [unknown];
    case "length":
      return ["1"];
    case "^^":
    case "^":
      return values.map((value) => (operator === "^" ? capital(value) : value.toUpperCase()));
    case ",,":
    case ",":
      return values.map((value) => value.toLowerCase());
    default:
      return values.map((value) => changed(name === "HOME" ? "/home/user" : value, operator, first));
  }
}

function valuesOf(name: string, variables: Map<string, Values>): Values {
  if (name.startsWith("!")) {
    return distinct(
      valuesOf(name.slice(1), variables).flatMap((target) => (target.startsWith("!") ? [unknown] : valuesOf(target, variables))),
    );
  }
  const set = variables.get(name) ?? (Object.hasOwn(given, name) ? given[name] : undefined);
  if (set !== undefined) return set;
  const element = /^(\w+)\[(-?\d+)\]$/.exec(name);
  if (element !== null) return valuesOf(element[1] ?? "", variables).map((all) => all.split(split).at(Number(element[2])) ?? "");
  return /^\d+$/.test(name) ? [""] : ["", unknown];
}

function changed(value: string, operator: string, argument: string): string {
  if (value.includes(unknown)) return unknown;
  if (operator === ":") return substring(value, argument);
  if (/[*?[]/.test(argument) || argument.includes(unknown)) return unknown;
  if (operator === "#" || operator === "##") return value.startsWith(argument) ? value.slice(argument.length) : value;
  if (operator === "%" || operator === "%%")
    return value.endsWith(argument) ? value.slice(0, value.length - argument.length) : value;
  if (!operator.startsWith("/")) return unknown;
  const cut = argument.indexOf("/");
  const [pattern, by] = cut === -1 ? [argument, ""] : [argument.slice(0, cut), argument.slice(cut + 1)];
  if (pattern === "") return value;
  // As a function, so that $ in it means nothing.
  return operator === "//" ? value.replaceAll(pattern, () => by) : value.replace(pattern, () => by);
}

function substring(value: string, argument: string): string {
  const slice = /^\s*\(?\s*(-?\d+)\s*\)?\s*(?::\s*(-?\d+)\s*)?$/.exec(argument);
  if (slice === null) return unknown;
  const from = Number(slice[1]);
  const length = slice[2] === undefined ? value.length : Number(slice[2]);
  const begin = from < 0 ? Math.max(0, value.length + from) : from;
  return length < 0 ? value.slice(begin, length) : value.slice(begin, begin + length);
}

function capital(value: string): string {
  return value.slice(0, 1).toUpperCase() + value.slice(1);
}

/** Different values, as many as are followed. */
export function distinct(values: Values): Values {
  return [...new Set(values)].slice(-8);
}
