import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { whenItCounts } from "../../config/effects.ts";
import { type Finding, findingLine } from "../../config/findings.ts";
import { configFile } from "../../config/home.ts";
import { type KeyPath, keyPaths } from "../../config/keys.ts";
import { loadConfig } from "../../config/load.ts";
import { valueOf } from "../../config/show.ts";
import { editOwnFile, readOwnFile, unwritable } from "../../config/write-file.ts";
import { Failure } from "../../core/failures.ts";
import { type Context, exits } from "../context.ts";
import { editorOf } from "../editor.ts";

/**
 * Opens a copy of config.yaml in the person's editor and puts it in place when it can be used: while it is being edited, and when it is
 * broken, the old one stays in force.
 */
export async function edit(context: Context): Promise<void> {
  const file = configFile(context.home);
  const editor = editorOf(context, "hermes config edit");
  const before = await readOwnFile(file);
  const start = before === "" ? head : before;
  const draft = `${file.replace(/\.yaml$/, "")}.edit-${randomUUID().slice(0, 8)}.yaml`;
  try {
    await mkdir(context.home, { recursive: true, mode: 0o700 });
    await writeFile(draft, start, { mode: 0o600, flag: "wx" });
  } catch (thrown) {
    throw unwritable(draft, thrown, "nothing was changed");
  }
  try {
    if (await editUntilWell(context, { file, before, draft, editor })) await rm(draft, { force: true });
  } catch (thrown) {
    // An editor that was ended, a question that was left, a full disk: what was written by then is worth something.
    const text = await readOwnFile(draft).catch(() => null);
    if (text === start || text === "") await rm(draft, { force: true });
    else context.remark(`What you wrote is in ${draft}.`);
    throw thrown;
  }
}

const head = "# The settings of Hermes Team. Every key: docs/configuration.md, or `hermes config show`.\n";

interface Draft {
  readonly file: string;
  readonly before: string;
  readonly draft: string;
  readonly editor: string;
}

/** False where the draft stays, because it is worth something and not in force. */
async function editUntilWell(context: Context, { file, before, draft, editor }: Draft): Promise<boolean> {
  for (;;) {
    await runEditor(context, editor, draft);
    const text = await readOwnFile(draft);
    if (text === before || (before === "" && text === head)) {
      context.print("Nothing was changed.");
      return true;
    }
    const found = await fresh(context, before, text);
    for (const finding of found)
      context.remark(`${finding.severity === "error" ? "error  " : "warning"}  ${findingLine(finding)}`);
    if (found.every(({ severity }) => severity === "warning")) return await putInPlace(context, { file, before, draft }, text);
    const next = context.ask === null ? "keep" : await whatNext(context);
    if (next === "drop") {
      context.print(`${file} is as it was.`);
      return true;
    }
    if (next === "keep") {
      context.print(`${file} is as it was; what you wrote is in ${draft}.`);
      context.exit(exits.failure);
      return false;
    }
  }
}

async function whatNext({ ask }: Context): Promise<"again" | "keep" | "drop"> {
  const said = (await ask?.("Back to the editor, keep this as a draft, or drop it? [E/k/d] ")) ?? "k";
  return /^d/i.test(said) ? "drop" : /^k/i.test(said) ? "keep" : "again";
}

/** What was not there before: what has been wrong since long ago holds up no other change. */
async function fresh(context: Context, before: string, text: string): Promise<readonly Finding[]> {
  const [old, now] = await Promise.all([findingsIn(context, before), findingsIn(context, text)]);
  const known = ({ key, message }: Finding): boolean =>
    !message.includes("is not valid YAML") && old.some((each) => each.key === key && same(each.message, message));
  return now.filter((finding) => !known(finding));
}

async function findingsIn({ env, home }: Context, yaml: string): Promise<readonly Finding[]> {
  return (await loadConfig({ env, home, yaml })).findings;
}

/** Lines move. */
function same(one: string, other: string): boolean {
  return one.replace(/line \d+/, "") === other.replace(/line \d+/, "");
}

async function putInPlace(context: Context, { file, before, draft }: Omit<Draft, "editor">, text: string): Promise<boolean> {
  let overtaken = false;
  await editOwnFile(file, (now) => {
    overtaken = now !== before;
    return overtaken ? now : text;
  });
  if (!overtaken) {
    context.print(`${file} is changed.`);
    for (const path of await changed(context, before, text)) context.print(`  ${path}: ${whenItCounts(path)}`);
    return true;
  }
  context.remark(`${file} was changed by somebody else meanwhile and is left alone; what you wrote is in ${draft}.`);
  context.exit(exits.failure);
  return false;
}

/** The keys whose value in force is another now. */
async function changed({ env, home }: Context, before: string, text: string): Promise<readonly KeyPath[]> {
  const [old, now] = await Promise.all([before, text].map((yaml) => loadConfig({ env, home, yaml })));
  return keyPaths.filter(
    (path) => old !== undefined && now !== undefined && !isDeepStrictEqual(valueOf(old, path), valueOf(now, path)),
  );
}

async function runEditor({ env }: Context, editor: string, file: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const unusable = (why: string) =>
    reject(
      new Failure("config.invalid", `the editor \`${editor}\` ${why}; nothing was changed.`, {
        advice: "Name one that is there: EDITOR=nano hermes config edit",
      }),
    );
  // By a shell, as git does: "code --wait" is two words.
  const child = spawn("/bin/sh", ["-c", `${editor} "$@"`, editor, file], { stdio: "inherit", env: { ...env } });
  child.once("error", ({ message }) => unusable(`can't be started (${message})`));
  child.once("close", (code, signal) => {
    if (code === 0) resolve();
    else unusable(signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
  });
  // Ctrl-C is the editor's while it runs: it comes to both.
  const leave = (): void => {};
  process.on("SIGINT", leave);
  try {
    await promise;
  } finally {
    process.off("SIGINT", leave);
  }
}
