import type { Argument, Command, Option } from "commander";

/** What may stand at a place of a command line. */
export type Values =
  | { readonly type: "nothing" | "files" }
  | { readonly type: "words"; readonly words: readonly string[] }
  /** Looked up when Tab is pressed: `hermes completion values KIND`. */
  | { readonly type: "looked-up"; readonly kind: ValueKind };

/** What is looked up. */
export const valueKinds = ["keys", "sections", "settings", "skills", "schedules", "sessions", "people", "codes"] as const;
export type ValueKind = (typeof valueKinds)[number];

/** A command, flattened: `path` is what stands behind `hermes`. */
export interface Branch {
  readonly path: string;
  readonly commands: readonly Named[];
  readonly options: readonly (Named & { readonly value: Values | null })[];
  readonly args: readonly (Values & { readonly many: boolean })[];
}

export interface Named {
  readonly name: string;
  readonly about: string;
}

/** A command and all below it, as the help shows them. */
export function branchesOf(command: Command, path: readonly string[] = []): readonly Branch[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((each) => each.name() !== "help");
  const own: Branch = {
    path: path.join(" "),
    commands: below.map((each) => ({ name: each.name(), about: firstLine(each.description()) })),
    options: help.visibleOptions(command).flatMap(namesOf),
    args: command.registeredArguments.map((argument) => ({ ...argumentValues(argument, path), many: argument.variadic })),
  };
  // Other names of a command are not offered, but what is behind them is.
  return [own, ...below.flatMap((each) => [each.name(), ...each.aliases()].flatMap((name) => branchesOf(each, [...path, name])))];
}

function namesOf(option: Option): Branch["options"] {
  const value = option.required || option.optional ? optionValues(option) : null;
  const about = firstLine(option.description);
  return [option.long, option.short].flatMap((name) => (name === undefined || name === null ? [] : [{ name, about, value }]));
}

/** What places mean whose values are looked up, by command and name. */
const argumentKinds: Readonly<Record<string, ValueKind>> = {
  "config:key": "keys",
  "config:section": "sections",
  "config:value": "settings",
  "cron:which": "schedules",
  "sessions:which": "sessions",
  "people:who": "people",
  "pairing:code": "codes",
  "skills:name": "skills",
};
const optionKinds: Readonly<Record<string, ValueKind>> = { "--person": "people", "--resume": "sessions", "--skills": "skills" };
const roles = ["owner", "admin", "member", "guest"];

function argumentValues(argument: Argument, [command = ""]: readonly string[]): Values {
  const name = argument.name();
  if (argument.argChoices !== undefined) return { type: "words", words: argument.argChoices };
  if (name === "role") return { type: "words", words: roles };
  const kind = argumentKinds[`${command}:${name}`];
  if (kind !== undefined) return { type: "looked-up", kind };
  return /^(?:file|folder|home|path|source)$/.test(name) ? { type: "files" } : { type: "nothing" };
}

function optionValues(option: Option): Values {
  if (option.argChoices !== undefined) return { type: "words", words: option.argChoices };
  const kind = optionKinds[option.long ?? ""];
  if (kind !== undefined) return { type: "looked-up", kind };
  return /<(?:file|folder|path|home)>/.test(option.flags) ? { type: "files" } : { type: "nothing" };
}

/** As a shell's list shows it. */
function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").trim();
}
