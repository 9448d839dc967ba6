import { loadConfig } from "../config/load.ts";
import { type Context, type Define, exits, isPlain } from "./context.ts";
import type { CheckInput, CheckResult } from "./doctor/check.ts";
import { checks } from "./doctor/checks.ts";
import { mend, type Mended } from "./doctor/fix.ts";
import { lookAtAll, type Looked } from "./doctor/run.ts";
import { fitted } from "./tool-width.ts";

interface Options {
  readonly quick?: boolean;
  readonly full?: boolean;
  readonly fix?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `hermes doctor`: one line for each part, with the mend of each fault. */
export const define: Define = (command, context) => {
  command.option("--fix", "mend what can be mended, and look again");
  command.option("-y, --yes", "with --fix: do not ask before what can't be taken back");
  command.option("--json", "for programs");
  command.option("--quick", "leave out what takes a minute: the probe of the model's tool calls");
  command.option("--full", "ask the model a hundred tool calls rather than twenty");
  command.action((options: Options) => examine(context, options));
};

async function examine(
  context: Context,
  { quick = false, full = false, fix = false, yes = false, json = false }: Options,
): Promise<void> {
  const asked = { quick, full };
  const say = json
    ? () => {}
    : (looked: Looked) => looked.results.forEach((result) => print(context, result.state, result.id, textOf(result)));
  // What it says on the way is for people.
  const quiet = json ? { ...context, remark: () => {} } : context;
  const input = async (): Promise<CheckInput> => ({
    context: quiet,
    loaded: await loadConfig({ env: context.env, home: context.home }),
    asked,
  });
  const first = await lookAtAll(checks, await input(), say);
  const tell = json ? () => {} : ({ id, done, text }: Mended) => print(context, done ? "done" : "left", id, text);
  const mended = fix ? await mend(first, context, yes, tell) : [];
  const changed = first.filter(({ results }) => results.some(({ id }) => mended.some((each) => each.done && each.id === id)));
  const again =
    changed.length === 0
      ? []
      : await lookAtAll(
          changed.map(({ check }) => check),
          await input(),
          say,
        );
  const last = first.map((each) => again.find(({ check }) => check === each.check) ?? each);
  conclude(
    context,
    last.flatMap(({ results }) => results),
    mended,
    json,
  );
}

function conclude(context: Context, results: readonly CheckResult[], mended: readonly Mended[], json: boolean): void {
  const faults = results.filter(({ state }) => state === "fail").length;
  const warnings = results.filter(({ state }) => state === "warn").length;
  if (faults > 0) context.exit(exits.failure);
  if (json) {
    const told = results.map(({ id, state, text, mend: how, fix }) => ({
      id,
      state,
      text,
      mend: how,
      fixable: fix !== undefined,
    }));
    return context.print(JSON.stringify({ ok: faults === 0, faults, warnings, results: told, mended }, null, 2));
  }
  const open = results.filter(({ state, fix }) => state !== "ok" && fix !== undefined).length;
  const hint = open > 0 && mended.length === 0 ? ` \`hermes doctor --fix\` mends ${open} of what is above.` : "";
  const warned = warnings === 0 ? "" : `, ${counted(warnings, "warning")}`;
  const verdict = `${faults === 0 ? "All is well" : counted(faults, "fault")}${warned}.${hint}`;
  for (const line of fitted(context, verdict)) context.print(line);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** The widest id, and a space. */
const idWidth = 20;

function print(context: Context, state: keyof typeof colours, id: string, text: string): void {
  const [first = "", ...rest] = fitted(context, `${state.padEnd(4)}  ${id.padEnd(idWidth)}${text}`, 8);
  context.print(isColourful(context) ? `\u001b[${colours[state]}m${state}\u001b[0m${first.slice(state.length)}` : first);
  for (const line of rest) context.print(line);
}

/** Green, yellow, red of every terminal. */
const colours = { ok: 32, done: 32, warn: 33, left: 33, fail: 31 } as const;

/** Somebody can be asked only at a terminal. */
function isColourful({ ask, env }: Context): boolean {
  return ask !== null && !isPlain(env);
}

function textOf({ text, mend: how }: CheckResult): string {
  return how === "" ? text : `${text} → ${how}`;
}
