import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { renderDocs, renderEnvExample } from "../config/docs.ts";
import { configFile, envFile } from "../config/home.ts";
import { loadConfig } from "../config/load.ts";
import { otherSpellings } from "../config/migrate.ts";
import { set, unset } from "./config/change.ts";
import { edit } from "./config/edit.ts";
import { migrate, type MigrateOptions } from "./config/migrate.ts";
import { get, type GetOptions, show, type ShowOptions } from "./config/show.ts";
import { type Context, type Define, exits } from "./context.ts";
import { renderDoctor } from "./doctor/docs.ts";
import { fitted } from "./tool-width.ts";

/** `hermes config show|get|set|unset|edit|path|check|migrate`. */
export const define: Define = (command, context) => {
  command
    .command("show [section]")
    .description("every key, what is in force, and where it comes from")
    .option("--changed", "only what is not at its default")
    .option("--json", "for programs")
    .action((section: string | undefined, options: ShowOptions) => show(context, section, options));
  command
    .command("get <key>")
    .description("what is in force for one key, or a section")
    .option("--reveal", "print a secret as it is")
    .option("--json", "for programs")
    .action((name: string, options: GetOptions) => get(context, name, options));
  command
    .command("set <key> [value]")
    .description("change a key; comments in config.yaml stay, secrets go to .env and are asked for")
    .action((name: string, value: string | undefined) => set(context, name, value));
  command
    .command("unset <key>")
    .description("go back to the default of a key")
    .action((name: string) => unset(context, name));
  command
    .command("edit")
    .description("open config.yaml in your editor ($VISUAL, $EDITOR) and check it on leaving")
    .action(() => edit(context));
  command
    .command("path")
    .description("where the files are")
    .action(() => [configFile(context.home), envFile(context.home)].forEach((file) => context.print(file)));
  command
    .command("check")
    .description("name every key that is unknown and every value that can't be used; exit status 1 on errors")
    .option("--json", "for programs")
    .action(({ json = false }: { readonly json?: boolean }) => check(context, json));
  command
    .command("migrate")
    .description("bring an older home, or the original's, to this version's keys; shows it first, keeps copies")
    .option("--dry-run", "only show it")
    .option("-y, --yes", "do not ask")
    .action((options: MigrateOptions) => migrate(context, options));
  command
    .command("docs", { hidden: true })
    .option("--write", "write docs/configuration.md, docs/doctor.md and .env.example")
    .action((options: { write?: boolean }) => docs(context, options.write === true));
};

async function check(context: Context, json: boolean): Promise<void> {
  const { findings } = await loadConfig({ env: context.env, home: context.home });
  const spellings = await otherSpellings(context.home);
  const errors = findings.filter((finding) => finding.severity === "error").length;
  if (errors > 0) context.exit(exits.failure);
  if (json) {
    const told = { home: context.home, errors, warnings: findings.length - errors, findings, spellings };
    return context.print(JSON.stringify(told, null, 2));
  }
  const print = (line: string): void => fitted(context, line, 9).forEach((each) => context.print(each));
  for (const { severity, message, mend } of findings)
    print(`${severity === "error" ? "error  " : "warning"}  ${message} ${mend}`);
  for (const { written, path, line } of spellings) print(`note     ${written} in config.yaml line ${line} is read as ${path}.`);
  if (findings.length === 0) context.print(`The configuration in ${context.home} is in order.`);
  else context.print(`${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}.`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function docs(context: Context, write: boolean): Promise<void> {
  if (!write) return context.print(renderDocs().trimEnd());
  const root = new URL("../../", import.meta.url);
  for (const [name, text] of [
    ["docs/configuration.md", renderDocs()],
    ["docs/doctor.md", renderDoctor()],
    [".env.example", renderEnvExample()],
  ] as const) {
    const file = fileURLToPath(new URL(name, root));
    await writeFile(file, text);
    context.print(`wrote ${file}`);
  }
}
