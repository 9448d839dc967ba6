import { whenItCounts, effectOf } from "../../config/effects.ts";
import { findingLine } from "../../config/findings.ts";
import { envFile } from "../../config/home.ts";
import { findKey, keyOf } from "../../config/keys.ts";
import { findInner } from "../../config/inner-keys.ts";
import { loadConfig } from "../../config/load.ts";
import { serviceVariable } from "../../config/service-variables.ts";
import { type Change, knownKey, setKey, unsetKey } from "../../config/set.ts";
import { findWithin } from "../../config/set-within.ts";
import { getKey } from "../../config/show.ts";
import { Failure } from "../../core/failures.ts";
import { callControl } from "../../gateway/control-socket.ts";
import type { Context } from "../context.ts";

/** Sets a key. Without a value it is asked for at the terminal, so that a secret is in nobody's shell history. */
export async function set(context: Context, name: string, given: string | undefined): Promise<void> {
  const value = given ?? (await askFor(context, name));
  const change = await setKey(context.home, name, value);
  await say(context, name, change, "set");
  await sayStored(context, change.path, value);
}

/** Removes a key, so that its default counts again. */
export async function unset(context: Context, name: string): Promise<void> {
  await say(context, name, await unsetKey(context.home, name), "removed");
}

async function askFor(context: Context, name: string): Promise<string> {
  const variable = (await serviceVariable(context.home, name)) !== null;
  const path = findInner(name) === null && findWithin(name) === null && !variable ? knownKey(name) : null;
  const hidden = path === null ? variable || name.trim().endsWith(".api_key") : keyOf(path).secret === true;
  if (context.ask === null) {
    // What is typed behind a command is in the shell's history, and seen by everybody on the machine.
    const command = `hermes config set ${name.trim()}`;
    const unseen = `\`${command}\` at a terminal asks for it, unseen; or write it into ${envFile(context.home)}.`;
    throw new Failure("config.invalid", "there is no value, and no terminal to ask for it at.", {
      advice: hidden ? unseen : `${command} VALUE`,
    });
  }
  const expected = path === null ? "" : ` (${keyOf(path).kind.expected})`;
  return await context.ask(`${name.trim()}${expected}: `, ...(hidden ? (["hidden"] as const) : []));
}

async function say(context: Context, name: string, change: Change, done: string): Promise<void> {
  const { path, file, changed } = change;
  const counts = whenItCounts(path);
  context.print(changed ? `${path} ${done} in ${file}. ${counts}` : `${path} stays as it is in ${file}.`);
  if (path !== name.trim() && keyOf(knownKey(path)).env !== name.trim()) context.remark(`${name.trim()} is ${path} here.`);
  await remarkOn(context, path);
  if (changed && effectOf(path) === "restart") await remarkRunning(context);
}

/** Where what was stored is not what was typed: other words for the same, numbers in other forms. */
async function sayStored(context: Context, name: string, typed: string): Promise<void> {
  const path = findKey(name);
  if (path === null || keyOf(path).secret === true || keyOf(path).kind.words === undefined) return;
  const loaded = await loadConfig({ env: context.env, home: context.home });
  const { value, origin } = getKey(loaded, path);
  if (origin !== "environment" && value !== typed.trim()) context.remark(`${typed.trim()} is ${value} here.`);
}

/** A change that the environment overrules, or that names what there is not, would otherwise have no effect and no explanation. */
async function remarkOn(context: Context, name: string): Promise<void> {
  const { origins, findings } = await loadConfig({ env: context.env, home: context.home });
  const told = findings.filter(({ key }) => key === name);
  for (const finding of told) context.remark(findingLine(finding));
  if (told.some(({ severity }) => severity === "error")) context.remark("Until then a running service keeps what it had.");
  const path = findKey(name);
  if (path === null) return;
  if (origins[path] === "environment") context.remark(`But ${keyOf(path).env} in the environment overrules it: unset that too.`);
}

async function remarkRunning(context: Context): Promise<void> {
  const who = await callControl(context.home, { command: "who", args: [] }, whoMs).catch(() => null);
  if (who !== null) context.remark(`A service is running (${who.text}): restart it for this.`);
}

const whoMs = 1_000;
