import { checkVariable } from "./builtins.ts";
import { checkCall } from "./calls.ts";
import { inspectCode } from "./code.ts";
import { expandText, expandWord, type Scope } from "./expand.ts";
import { find, type Flow, type Inspection, silent, unclear } from "./inspection.ts";
import { shown, split, unknown } from "./marks.ts";
import { distinct } from "./parameters.ts";
import { absolute, isOutside, readGuard, writeGuard } from "./paths.ts";
import { printed, together } from "./printed.ts";
import { readShell } from "./shell-reader.ts";
import type { Assignment, Command, Redirection, Script } from "./shell-tree.ts";
import { unwrap } from "./wrappers.ts";

/** Nested texts are looked through up to here: `sh -c "sh -c …"`. */
const deepest = 24;
/** A command that may come out in more ways than this is followed no further. */
const mostCalls = 32;
/** A variable that holds more is followed no further. */
const longestValue = 4_096;
/** What a word that an expansion makes costs beyond its characters. */
const wordCost = 20;
/** Commands kept for the globs, and how much of each. */
const mostKept = 2_000;
const longestKept = 2_000;

/** Where a command would run. */
interface Where {
  readonly workdir: string;
  readonly workspace: string;
  readonly home: string;
}

/** Begins an inspection. `fuel`: characters that may be looked at in all. */
export function inspection({ workdir, workspace, home }: Where, fuel: number): Inspection {
  const self: Inspection = {
    found: new Map(),
    variables: new Map(),
    functions: new Map(),
    files: new Map(),
    calls: new Set(),
    home,
    workspace,
    cwd: workdir,
    depth: 0,
    fuel,
    trouble: null,
    shell: (text) => nested(self, text.length, () => shellText(self, text)),
    code: (text, what) => {
      nested(self, text.length, () => {
        inspectCode(text, what, self);
        return silent;
      });
    },
    call: (words, input, source) => nested(self, Math.max(source.length, words.length), () => call(self, words, input, source)),
  };
  return self;
}

function nested(self: Inspection, cost: number, task: () => Flow): Flow {
  self.fuel -= cost + 1;
  if (self.fuel < 0 || self.depth >= deepest) {
    self.trouble ??= self.fuel < 0 ? "it is too much to look through" : "it is nested too deep";
    return unclear;
  }
  self.depth += 1;
  const result = task();
  self.depth -= 1;
  return result;
}

function shellText(self: Inspection, text: string): Flow {
  const { script, trouble } = readShell(text, self.depth);
  self.trouble ??= trouble;
  return walk(self, script);
}

function walk(self: Inspection, script: Script): Flow {
  const flows: Flow[] = [];
  let defining: string | null = null;
  for (const pipeline of script.pipelines) {
    let flow: Flow | null = null;
    for (const command of pipeline) {
      if (defining !== null) {
        define(self, defining, command);
        defining = null;
      } else flow = step(self, command, flow);
      defining = command.defines;
    }
    if (flow !== null) flows.push(flow);
  }
  return together(flows);
}

/** A function's body is looked at where it is defined, with anything for arguments. */
function define(self: Inspection, name: string, body: Command): void {
  const script = body.group ?? { pipelines: [[body]] };
  const calls = script.pipelines.flatMap((pipeline) =>
    pipeline.filter(({ source }) => source === name || source.startsWith(`${name} `)),
  );
  const spreads = calls.length > 1 ? /[|&]/.test(body.source) : calls.length === 1 && /&\s*\}?\s*$/.test(body.source);
  if (spreads && calls.length > 0) find(self, "fork_bomb", `${name}() ${body.source}`, true);
  self.functions.set(name, script);
  for (const argument of ["@", "*", "1", "2", "3"]) self.variables.set(argument, [unknown]);
  nested(self, body.source.length, () => step(self, body, null));
  for (const argument of ["@", "*", "1", "2", "3"]) self.variables.delete(argument);
}

function step(self: Inspection, command: Command, piped: Flow | null): Flow {
  self.fuel -= command.words.length + 1;
  if (self.fuel < 0) return unclear;
  const scope = scopeOf(self);
  for (const assignment of command.assignments) assign(self, assignment, scope);
  const input = redirected(self, command.redirections, scope, piped);
  let flow: Flow = piped ?? silent;
  if (command.group !== null) {
    // A block whose inside is read flat prints what isn't followed.
    const empty = command.group.pipelines.length === 0;
    flow = empty
      ? { ...unclear, remote: piped?.remote ?? false }
      : nested(self, 1, () => walk(self, command.group ?? { pipelines: [] }));
  }
  if (command.words.length > 0)
    flow = together(calls(self, command, scope).map((words) => self.call(words, input, command.source)));
  keepFiles(self, command.redirections, scope, flow);
  return flow;
}

function scopeOf(self: Inspection): Scope {
  return {
    variables: self.variables,
    output: (script) => {
      const flow = nested(self, 1, () => walk(self, script));
      if (flow.remote) self.files.set("/dev/fd/63", flow);
      else if (flow.text !== null) self.files.set("/dev/fd/63", flow);
      else self.files.delete("/dev/fd/63");
      return flow.text;
    },
  };
}

function assign(self: Inspection, { name, append, values }: Assignment, scope: Scope): void {
  const made =
    values.length === 1
      ? values.flatMap((value) => expandText(value, scope))
      : [values.map((value) => expandText(value, scope)[0] ?? "").join(split)];
  const old = self.variables.get(name) ?? [];
  const grown = append ? (old.length === 0 ? made : old.flatMap((before) => made.map((each) => before + each))) : made;
  for (const value of made) {
    self.fuel -= value.length;
    checkVariable(name, value, self);
  }
  // What it held before may still count: a condition may have passed the new value by.
  self.variables.set(name, distinct([...old, ...grown.map((value) => (value.length < longestValue ? value : unknown))]));
}

/** Every way the command's words may come out. */
function calls(self: Inspection, command: Command, scope: Scope): readonly (readonly string[])[] {
  let made: readonly (readonly string[])[] = [[]];
  for (const word of command.words) {
    const ways = expandWord(word, scope);
    // Braces make many words of few characters, each of which is looked at.
    if (ways.some((way) => way.length > 1)) for (const way of ways) self.fuel -= way.join("").length + way.length * wordCost;
    if (self.fuel < 0) return [];
    const [only = []] = ways;
    if (ways.length === 1) made = made.map((words) => (only.length === 1 ? appended(words, only) : [...words, ...only]));
    else made = made.flatMap((words) => ways.map((way) => [...words, ...way])).slice(0, mostCalls);
  }
  return made.filter((words) => words.length > 0);
}

/** In place: a command of a hundred thousand words is copied once, not each time. */
function appended(words: readonly string[], more: readonly string[]): readonly string[] {
  if (Array.isArray(words)) words.push(...more);
  return words;
}

function redirected(self: Inspection, redirections: readonly Redirection[], scope: Scope, piped: Flow | null): Flow | null {
  let input = piped;
  for (const { operator, target } of redirections) {
    for (const value of expandText(target, scope)) {
      const path = absolute(self.cwd, value);
      if (operator === "<<" || operator === "<<-" || operator === "<<<") input = { text: `${value}\n`, remote: false };
      else if (/^[<>]&$/.test(operator) && /^(?:\d*-?|\d+)$/.test(value)) continue;
      else if (operator === "<" || operator === "<&") {
        checkRead(self, path, `${operator} ${value}`);
        input = self.files.get(path) ?? unclear;
      } else checkWrite(self, path, `${operator} ${value}`);
    }
  }
  return input;
}

/** What a command wrote may be run by the next one. */
function keepFiles(self: Inspection, redirections: readonly Redirection[], scope: Scope, flow: Flow): void {
  for (const { operator, target } of redirections) {
    if (!/^(?:>|>>|>\||&>)$/.test(operator)) continue;
    const path = absolute(self.cwd, expandText(target, scope)[0] ?? "");
    const before = operator === ">>" ? (self.files.get(path)?.text ?? "") : "";
    self.files.set(path, { text: flow.text === null ? null : before + flow.text, remote: flow.remote });
  }
}

function checkRead(self: Inspection, path: string, what: string): void {
  if (/^\/dev\/(?:tcp|udp)\//.test(path)) find(self, "tunnel", what);
  const guard = readGuard(path);
  if (guard !== null) find(self, guard.class, what);
}

function checkWrite(self: Inspection, path: string, what: string): void {
  if (/^\/dev\/(?:tcp|udp)\//.test(path)) find(self, "tunnel", what);
  const guard = writeGuard(path, self.home);
  if (guard !== null) find(self, guard.class, what, guard.floor);
  else if (isOutside(path, self.workspace)) find(self, "outside_write", what);
}

/** One command with known words: what it wraps, what it is, what it prints. */
function call(self: Inspection, words: readonly string[], input: Flow | null, source: string): Flow {
  const [first = "", ...args] = words;
  const name = first.replace(/^.*[/\\]/s, "").toLowerCase();
  const made = { name, args, input, source };
  if (self.calls.size < mostKept) self.calls.add(shown(words.slice(0, 200).join(" ")).slice(0, longestKept));
  const body = self.functions.get(first);
  if (body !== undefined) {
    // While it runs it is not followed into itself.
    self.functions.delete(first);
    for (const [index, value] of ["", ...args].entries()) if (index > 0 && index < 10) self.variables.set(String(index), [value]);
    self.variables.set("@", [args.join(split)]);
    self.variables.set("*", [args.join(split)]);
    const flow = nested(self, 50, () => walk(self, body));
    self.functions.set(first, body);
    return flow;
  }
  const inner = unwrap(made, first, self);
  checkCall(made, first, self);
  return inner ?? printed(made, self);
}
