import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { renderDocs, renderEnvExample } from "../config/docs.ts";
import { findingLine } from "../config/findings.ts";
import { configFile, envFile } from "../config/home.ts";
import { findKey, keyOf } from "../config/keys.ts";
import { loadConfig } from "../config/load.ts";
import { type Change, setKey, unsetKey } from "../config/set.ts";
import { showKey, shownKeys } from "../config/show.ts";
import { whenItCounts } from "../config/effects.ts";
import { type Context, type Define, exits } from "./context.ts";

/** `hermes config show|get|set|unset|path|check`. */
export const define: Define = (command, context) => {
  const load = () => loadConfig({ env: context.env, home: context.home });
  command
    .command("show")
    .description("every key, what is in force, and where it comes from")
    .action(async () =>
      shownKeys(await load()).forEach(({ path, value, origin }) => context.print(`${path.padEnd(32)} ${value}  (${origin})`)),
    );
  command
    .command("get <key>")
    .description("what is in force for one key")
    .action(async (name: string) => context.print(showKey(await load(), name).value));
  command
    .command("set <key> <value>")
    .description("change a key; comments in config.yaml stay, secrets go to .env")
    .action(async (name: string, value: string) => say(context, await setKey(context.home, name, value), "set"));
  command
    .command("unset <key>")
    .description("go back to the default of a key")
    .action(async (name: string) => say(context, await unsetKey(context.home, name), "removed"));
  command
    .command("path")
    .description("where the files are")
    .action(() => [configFile(context.home), envFile(context.home)].forEach((file) => context.print(file)));
  command
    .command("check")
    .description("name every key that is unknown and every value that can't be used; exit status 1 on errors")
    .action(() => check(context));
  command
    .command("docs", { hidden: true })
    .option("--write", "write docs/configuration.md and .env.example")
    .action((options: { write?: boolean }) => docs(context, options.write === true));
};

async function check(context: Context): Promise<void> {
  const { findings } = await loadConfig({ env: context.env, home: context.home });
  for (const { severity, message, mend } of findings)
    context.print(`${severity === "error" ? "error  " : "warning"}  ${message} ${mend}`);
  const errors = findings.filter((finding) => finding.severity === "error").length;
  if (findings.length === 0) context.print(`The configuration in ${context.home} is in order.`);
  else
    context.print(
      `${errors} ${errors === 1 ? "error" : "errors"}, ${findings.length - errors} ${findings.length - errors === 1 ? "warning" : "warnings"}.`,
    );
  if (errors > 0) context.exit(exits.failure);
}

async function say(context: Context, change: Change, done: string): Promise<void> {
  context.print(
    change.changed
      ? `${change.path} ${done} in ${change.file}. ${whenItCounts(change.path)}`
      : `${change.path} stays as it is in ${change.file}.`,
  );
  await remarkOn(context, change.path);
}

/** A change that the environment overrules, or that names what there is not, would otherwise have no effect and no explanation. */
async function remarkOn(context: Context, name: string): Promise<void> {
  const { origins, findings } = await loadConfig({ env: context.env, home: context.home });
  for (const finding of findings) if (finding.key === name) context.remark(findingLine(finding));
  const path = findKey(name);
  if (path === null) return;
  if (origins[path] === "environment") context.remark(`But ${keyOf(path).env} in the environment overrules it: unset that too.`);
}

async function docs(context: Context, write: boolean): Promise<void> {
  if (!write) return context.print(renderDocs().trimEnd());
  const root = new URL("../../", import.meta.url);
  for (const [name, text] of [
    ["docs/configuration.md", renderDocs()],
    [".env.example", renderEnvExample()],
  ] as const) {
    const file = fileURLToPath(new URL(name, root));
    await writeFile(file, text);
    context.print(`wrote ${file}`);
  }
}
