import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Command, CommanderError } from "commander";
import { homeDirectory } from "../config/home.ts";
import { asFailure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import { commands, loadProduct, loadToolsets } from "./commands.ts";
import { type Context, exits, type Streams, statusOf } from "./context.ts";
import { hasLeft, leaving } from "./leaving.ts";

/** Runs one command line; gives the exit status. Never throws. */
export async function hermes(args: readonly string[], streams: Streams = process): Promise<number> {
  let status: number = exits.ok;
  const given: Record<string, string> = {};
  try {
    const context = contextOf(streams, given, (code) => {
      status = code;
    });
    const program = await programOf(args, context, streams);
    const toolsets = args.some((arg) => arg.startsWith("--toolsets")) ? await loadToolsets() : null;
    program.option("--toolsets <names>", "use only these sets of tools, such as terminal,file,web", (text) => {
      Object.assign(given, toolsets?.variablesOf(text));
    });
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (thrown) {
    // Help and the version end in an error with code 0; what commander refuses has been said by then.
    if (!(thrown instanceof CommanderError)) return explain(thrown, streams);
    if (hasLeft(thrown)) return exits.failure;
    return thrown.exitCode === 0 ? exits.ok : exits.usage;
  }
}

/** Only the command that was typed is loaded; the others are names for the help. */
async function programOf(args: readonly string[], context: Context, streams: Streams): Promise<Command> {
  const program = new Command("hermes")
    .description("An agent for a whole team, on your own model server.")
    .version(await version(), "-V, --version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(true)
    .showHelpAfterError("`hermes --help` lists the commands.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "hermes: ")),
    });
  const typed = args.find((arg, at) => !arg.startsWith("-") && args[at - 1] !== "--toolsets");
  for (const entry of commands) {
    const command = program.command(entry.name).description(entry.summary);
    if (entry.name === typed) (await entry.load()).define(command, context, streams);
    nameHelp(command, `hermes ${entry.name}`);
  }
  if (args.length === 0) program.action(() => program.outputHelp());
  return program;
}

/** What was typed wrongly leads to the help of the very command. */
function nameHelp(command: Command, words: string): void {
  command.showHelpAfterError(`\`${words} --help\` says how.`);
  for (const inner of command.commands) nameHelp(inner, `${words} ${inner.name()}`);
}

/** `given`: what options set, before the environment. */
function contextOf(streams: Streams, given: Readonly<Record<string, string>>, exit: (status: number) => void): Context {
  const interactive = streams.stdin.isTTY === true && streams.stdout.isTTY === true;
  let home: string | undefined;
  return {
    get env() {
      return { ...streams.env, ...given };
    },
    // Not before it is needed: with a home that can't be, there is still help.
    get home() {
      return (home ??= homeDirectory(streams.env));
    },
    print: (line) => void streams.stdout.write(`${line}\n`),
    remark: (line) => void streams.stderr.write(`${line}\n`),
    ask: interactive ? askAtTerminal : null,
    exit,
    product: loadProduct,
  };
}

/** Ctrl-C and the end of the input leave the question: nothing has been changed by then. */
async function askAtTerminal(question: string, answer?: "hidden"): Promise<string> {
  const hidden = answer === "hidden";
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: hidden ? nowhere : process.stdout, terminal: true });
  // Only now: the terminal echoes until the interface has taken it.
  if (hidden) process.stdout.write(question);
  const gone = new AbortController();
  terminal.once("SIGINT", () => gone.abort()).once("close", () => gone.abort());
  try {
    const said = (await terminal.question(hidden ? "" : question, { signal: gone.signal })).trim();
    if (hidden) process.stdout.write("\n");
    return said;
  } catch {
    process.stdout.write("\n");
    throw leaving();
  } finally {
    terminal.close();
  }
}

function explain(thrown: unknown, streams: Streams): number {
  const failure = asFailure(thrown);
  const lines = [`hermes: ${failure.message}`, ...(failure.advice === null ? [] : [`        ${failure.advice}`])];
  if (/^(?:1|true|yes|on)$/i.test(streams.env["HERMES_DEBUG"] ?? "")) lines.push(inspect(failure));
  streams.stderr.write(`${redact(lines.join("\n"))}\n`);
  return statusOf(failure);
}

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}

/** The whole life of the `hermes` process. */
export async function runHermes(): Promise<void> {
  // `hermes config show | head`: the reader has gone, and so may we.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? exits.ok : exits.failure));
  process.exitCode = await hermes(process.argv.slice(2));
  // Whatever still holds the process after the command has ended gets this long.
  setTimeout(() => process.exit(), leaveMs).unref();
}

const leaveMs = 2_000;

if (import.meta.main) await runHermes();
