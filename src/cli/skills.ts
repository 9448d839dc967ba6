import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { atHome } from "../config/home.ts";
import { type Context, type Define, exits } from "./context.ts";
import { askData, askRecord } from "./record.ts";
import { table } from "./table.ts";
import { fittedText } from "./tool-width.ts";

/** A source may be a download. */
const withinMs = 58_000;

/** `hermes skills …`: what `/skills` does in chats, for whoever runs the service; folders and archives of this machine too. */
export const define: Define = (command, context) => {
  const run = async (words: readonly string[], { json = false }: { json?: boolean }) => {
    const request = { command: "skills", args: [json ? "json" : "text", ...words] };
    const reply = await askRecord(context, request, withinMs);
    if (json) context.print(reply.text);
    else if (reply.ok) context.print(fittedText(context, reply.text, 2));
    else context.remark(`hermes: ${reply.text}`);
    if (!reply.ok) context.exit(exits.failure);
  };
  const one = (usage: string, about: string) => command.command(usage).description(about).option("--json", "as JSON");
  one("list", "the skills in use, and those that come along").action(async (options: { json?: boolean }) => {
    await (options.json === true ? run(["list"], options) : list(context));
  });
  one("search <words...>", "look for skills that can be installed").action((words: string[], options) =>
    run(["search", ...words], options),
  );
  one("install <source>", "a name, a folder, a zip file, an address, or owner/repo/path at GitHub")
    .option("--force", "although the scan says caution; never what it calls dangerous")
    .action((source: string, options: { force?: boolean; json?: boolean }) =>
      run(["install", placeOf(source), ...(options.force === true ? ["--force"] : [])], options),
    );
  one("update [name]", "look for newer versions, and say what would change")
    .option("--force", "although the scan says caution; never what it calls dangerous")
    .action((name: string | undefined, options: { force?: boolean; json?: boolean }) =>
      run(["update", ...(name === undefined ? [] : [name]), ...(options.force === true ? ["--force"] : [])], options),
    );
  one("remove <name>", "take a skill out of use").action((name: string, options) => run(["remove", name], options));
  one("view <name> [file]", "show a skill, or one of its files")
    .alias("show")
    .action((name: string, file: string | undefined, options) =>
      run(["view", name, ...(file === undefined ? [] : [file])], options),
    );
  one("pending", "what waits for an answer").action((options) => run(["pending"], options));
  one("approve <id>", "accept what waits").action((id: string, options) => run(["approve", id], options));
  one("reject <id>", "refuse what waits").action((id: string, options) => run(["reject", id], options));
  one("diff <id>", "what would change").action((id: string, options) => run(["diff", id], options));
};

const named = z.array(z.object({ name: z.string(), description: z.string() }));
const both = z.object({ installed: named, available: named });
const columns = [{ head: "NAME" }, { head: "STATE" }, { head: "FOR", flexible: true }];

async function list(context: Context): Promise<void> {
  const found = await askData(context, { command: "skills", args: ["json", "list"] }, both);
  if (found === null) return;
  const rows = [
    ...found.installed.map(({ name, description }) => [name, "in use", description]),
    ...found.available.map(({ name, description }) => [name, "comes along", description]),
  ];
  for (const line of table(columns, rows)) context.print(line);
  if (found.available.length > 0) context.print("\nTake one into use with: hermes skills install NAME");
}

/** Whatever answers may stand in another directory. */
function placeOf(source: string): string {
  const local =
    /^(?:\.{0,2}\/|~\/|\.{1,2}$)/.test(source) ||
    existsSync(join(source, "SKILL.md")) ||
    (/\.(?:zip|skill|tgz|tar\.gz|md)$/i.test(source) && existsSync(source));
  return local ? resolve(atHome(source)) : source;
}
