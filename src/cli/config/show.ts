import { readFile } from "node:fs/promises";
import { parseEnvText } from "../../config/env-file.ts";
import { effectOf } from "../../config/effects.ts";
import { envFile } from "../../config/home.ts";
import { type KeyPath, findKey, keyOf, keyPaths, sections } from "../../config/keys.ts";
import { findInner } from "../../config/inner-keys.ts";
import { type Loaded, loadConfig } from "../../config/load.ts";
import { serviceVariable } from "../../config/service-variables.ts";
import { getKey, keysUnder, plainValue, secretOf, type ShownKey, showKey, valueOf } from "../../config/show.ts";
import { Failure } from "../../core/failures.ts";
import type { Context } from "../context.ts";
import { fitted } from "../tool-width.ts";

/** How `hermes config show` is asked for. */
export interface ShowOptions {
  readonly json?: boolean;
  readonly changed?: boolean;
}

/** Every key, or those of a section, with what is in force and where it comes from. */
export async function show(context: Context, section: string | undefined, options: ShowOptions): Promise<void> {
  const loaded = await loadConfig({ env: context.env, home: context.home });
  const paths = pathsIn(section).filter((path) => options.changed !== true || isChanged(loaded, path));
  if (options.json === true)
    return context.print(
      JSON.stringify(
        paths.map((path) => asJson(loaded, path)),
        null,
        2,
      ),
    );
  const width = Math.min(widest, Math.max(nameWidth, ...paths.map((path) => path.length)));
  for (const path of paths) printKey(context, getKey(loaded, path), width);
}

/** What an entry in the configuration leaves open is not set. */
function isChanged(loaded: Loaded, path: KeyPath): boolean {
  return loaded.origins[path] !== "default" && (valueOf(loaded, path) !== null || keyOf(path).fallback !== null);
}

function pathsIn(section: string | undefined): readonly KeyPath[] {
  if (section === undefined) return keyPaths;
  if (sections.has(section)) return keysUnder(section);
  const path = findKey(section);
  if (path !== null) return [path];
  const advice = `Sections: ${[...sections].filter((each) => !each.includes(".")).join(", ")}.`;
  throw new Failure("config.invalid", `there is no section or key ${section}.`, { advice });
}

function printKey(context: Context, { path, value, origin }: ShownKey, width: number): void {
  for (const line of fitted(context, `${path.padEnd(width)} ${value}  (${origin})`, 4)) context.print(line);
}

const nameWidth = 32;
/** Longer names push their values aside. */
const widest = 44;

function asJson(loaded: Loaded, path: KeyPath) {
  const { value, origin } = getKey(loaded, path);
  const secret = keyOf(path).secret === true;
  const counts = effectOf(path);
  return { key: path, value: plainValue(loaded, path), set: value !== "(not set)", secret, origin, counts };
}

/** How `hermes config get` is asked for. */
export interface GetOptions {
  readonly json?: boolean;
  readonly reveal?: boolean;
}

/** What is in force for one key, or for all of a section. */
export async function get(context: Context, name: string, options: GetOptions): Promise<void> {
  const loaded = await loadConfig({ env: context.env, home: context.home });
  const variable = await serviceVariable(context.home, name);
  if (variable !== null) return await getVariable(context, variable, options);
  const path = findKey(name.trim());
  if (path === null && sections.has(name.trim())) return await show(context, name.trim(), options);
  const secret = options.reveal === true ? secretOf(loaded, name) : null;
  if (path === null || findInner(name) !== null) {
    const shown = showKey(loaded, name);
    return printInner(context, secret === null ? shown : { ...shown, value: secret }, options);
  }
  if (options.json === true) {
    const told = asJson(loaded, path);
    return context.print(JSON.stringify(secret === null ? told : { ...told, value: secret }));
  }
  if (path !== name.trim() && keyOf(path).env !== name.trim()) context.remark(`${name.trim()} is ${path} here.`);
  context.print(secret ?? getKey(loaded, path).value);
}

function printInner(context: Context, { path, value, origin }: ShownKey, { json = false }: GetOptions): void {
  context.print(json ? JSON.stringify({ key: path, value, origin }) : value);
}

/** A variable that is no key of ours: a hosted service's key, as a rule. */
async function getVariable(context: Context, name: string, { json = false, reveal = false }: GetOptions): Promise<void> {
  const text = await readFile(envFile(context.home), "utf8").catch(() => "");
  const outside = context.env[name];
  const value = outside || parseEnvText(text, envFile(context.home)).values[name] || null;
  const origin = outside ? "environment" : value === null ? "default" : ".env";
  if (json) {
    const told = { key: name, value: reveal ? value : null, set: value !== null, secret: true, origin };
    return context.print(JSON.stringify(told));
  }
  context.print(value === null ? "(not set)" : reveal ? value : "(set, not shown)");
}
