import { variablePattern } from "./decide.ts";
import type { Finding } from "./findings.ts";
import type { Environment } from "./home.ts";
import { findKey, keyOf, keyPaths, sections } from "./keys.ts";
import { movedKey } from "./moved-keys.ts";
import { nearest } from "./nearest.ts";
import { isOriginalKey } from "./original.ts";
import { isOriginalVariable, movedVariables, saysWhoMay } from "./original-variables.ts";
import { wellKnown } from "./well-known.ts";
import type { Setting } from "./yaml-file.ts";

/** A finding for each key of config.yaml that nothing reads. */
export function unknownSettings(settings: readonly Setting[]): Finding[] {
  const known = [...sections, ...settable.flatMap((path) => [path, ...(keyOf(path).aliases ?? [])])];
  return settings.flatMap((setting) => {
    const path = findKey(setting.path);
    if (path !== null && keyOf(path).environmentOnly !== true) return [];
    const where = `${setting.path} in config.yaml line ${setting.line}`;
    if (path !== null)
      return [warning(setting.path, `${where} has no effect there.`, `Set ${keyOf(path).env} in .env or the environment.`)];
    if (sections.has(setting.path)) return sectionFinding(setting, where);
    const moved = movedKey(setting.path);
    if (moved !== null) {
      const message = `${where} is a key of the original Hermes Agent; here it is ${moved.to}, and this line does nothing.`;
      return [warning(setting.path, message, "`hermes config migrate` brings it over.")];
    }
    if (isOriginalKey(setting.path)) {
      return [
        warning(
          setting.path,
          `${where} is a key of the original Hermes Agent that this version does not use.`,
          "Nothing to do; remove it to silence this line.",
        ),
      ];
    }
    return [
      warning(
        setting.path,
        `${where} is no key that this version knows, so it does nothing.`,
        didYouMean(nearest(setting.path, known)),
      ),
    ];
  });
}

/** A finding for each variable that nothing reads: all of .env, and of the environment those that look like a slip of a known one. */
export function unknownVariables(env: Environment, dotenv: Environment, settings: readonly Setting[]): Finding[] {
  const known = keyPaths.flatMap((path) => keyOf(path).env ?? []);
  const services = Object.values(wellKnown).map((service) => service.keyEnv);
  const used = new Set([...known, ...services, ...settings.flatMap((setting) => namesIn(setting.value))]);
  const inFile = Object.keys(dotenv).filter((name) => !used.has(name));
  const inEnvironment = Object.keys(env).filter((name) => !used.has(name) && !(name in dotenv) && ours.test(name));
  const tooLate = keyPaths
    .flatMap((path) => (keyOf(path).early === true ? (keyOf(path).env ?? []) : []))
    .filter((name) => name in dotenv);
  return [
    ...tooLate.map((name) =>
      warning(name, `${name} in .env has no effect: it is needed before that file is read.`, "Set it in the environment."),
    ),
    ...inFile.map((name) => ofOriginal(name) ?? slip(name, known)),
    ...inEnvironment.flatMap((name) => {
      const meant = nearest(name, known);
      // Other programs' variables are none of our business; a near miss of ours is.
      return meant === null
        ? []
        : [warning(name, `${name} in the environment is no variable that this version reads.`, didYouMean(meant))];
    }),
  ];
}

function slip(name: string, known: readonly string[]): Finding {
  return warning(name, `${name} in .env is no variable that this version reads.`, didYouMean(nearest(name, known)));
}

/** What the original reads is no slip. */
function ofOriginal(name: string): Finding | null {
  const moved = movedVariables[name];
  const where = `${name} in .env is a variable of the original Hermes Agent`;
  if (moved !== undefined)
    return warning(name, `${where}; here it is ${moved} in config.yaml.`, "`hermes config migrate` brings it over.");
  if (!isOriginalVariable(name)) return null;
  const mend = saysWhoMay(name)
    ? "People are let in with pairing codes: `hermes pairing`."
    : "Nothing to do; remove it to silence this line.";
  return warning(name, `${where} that this version does not use.`, mend);
}

const ours = /^(?:HERMES|TELEGRAM|DISCORD|SLACK|GATEWAY|OPENAI|REDIS|DATABASE)_/;
const settable = keyPaths.filter((path) => keyOf(path).environmentOnly !== true);

/** A section without keys is fine; a section that is a plain value is not. */
function sectionFinding(setting: Setting, where: string): Finding[] {
  if (setting.value === null || setting.value === undefined) return [];
  const message = `${where} should be a section with keys under it; what is there is not used.`;
  return [{ severity: "error", key: setting.path, message, mend: `Keys of ${setting.path}: ${namesOf(setting.path)}.` }];
}

function namesOf(section: string): string {
  return settable
    .filter((path) => path.startsWith(`${section}.`))
    .map((path) => path.slice(section.length + 1).replace(/\..*/, ""))
    .filter((name, index, all) => all.indexOf(name) === index)
    .join(", ");
}

/** The variables that a value of config.yaml names: in `key_env`, and as `${NAME}`. */
export function namesIn(value: unknown): string[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => (name === "key_env" ? [String(inner)] : namesIn(inner)));
  return typeof value === "string" ? [...value.matchAll(variablePattern)].flatMap((match) => match[1] ?? []) : [];
}

function didYouMean(name: string | null): string {
  return name === null ? "Remove it, or see `docs/configuration.md` for the keys." : `Did you mean ${name}?`;
}

function warning(key: string, message: string, mend: string): Finding {
  return { severity: "warning", key, message, mend };
}
