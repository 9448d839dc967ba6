import { createHash } from "node:crypto";
import type { Command } from "commander";
import { Failure } from "../core/failures.ts";
import { mostFiles } from "../core/files.ts";
import { type TalkOptions, type TerminalCall, type TerminalFile, mainSeat } from "../core/terminal.ts";
import { isToolsetName, toolsetNames } from "../core/toolsets.ts";
import { fileAt } from "./chat/attaching.ts";
import { openLink } from "./chat/link.ts";
import { askOnce } from "./chat/once.ts";
import { questionFrom } from "./chat/question.ts";
import { type Context, type Define, exits, isPlain, type Streams } from "./context.ts";

/** What draws on a screen. */
export interface Screen {
  /** A talk at a terminal; gives its exit status. */
  talk(options: TalkOptions): Promise<number>;
  drawMarkdown(markdown: string, looks: { readonly width: number; readonly plain: boolean }): string;
}

interface Options {
  readonly query?: string;
  readonly queryFile?: string;
  readonly json?: boolean;
  readonly streamJson?: boolean;
  readonly quiet?: boolean;
  readonly resume?: string;
  readonly continue?: boolean;
  readonly new?: boolean;
  readonly tools?: string;
  readonly image?: readonly string[];
  readonly file?: readonly string[];
}

/** `hermes chat`. */
export function chatWith(screen: () => Promise<Screen>): Define {
  return (command, context, streams = process) => {
    command
      .option("-q, --query <text>", "ask this once, print the answer and leave")
      .option("--query-file <path>", "ask what is in a file")
      .option("--image <path>", "a picture that goes with the question; may be given several times", added)
      .option("--file <path>", "a file that goes with the question; may be given several times", added)
      .option("--json", "print one JSON object: answer, tools, usage, session")
      .option("--stream-json", "print what happens as JSON, a line each; the last one is the result")
      .option("-Q, --quiet", "nothing but the answer, also at a terminal")
      .option("-r, --resume <id>", "go on with this conversation (`hermes sessions list` shows them)")
      .option("-c, --continue", "go on with the newest conversation")
      .option("-n, --new", "begin a new conversation")
      .option("-t, --tools <names>", "the same as --toolsets")
      .option("--oneshot", "ask once (with -q that is so anyway)")
      .addHelpText(
        "after",
        "\nWhat is piped in is asked, or goes with the question:\n  cat log.txt | hermes chat -q 'What went wrong?'",
      )
      .action(async () => await chat(command, context, streams, screen));
  };
}

async function chat(command: Command, context: Context, streams: Streams, screen: () => Promise<Screen>): Promise<void> {
  const options = command.opts<Options>();
  const only = toolsetsOf(command, options.tools ?? context.env["HERMES_TOOLSETS"]);
  const resume = options.resume ?? (options.continue === true ? "last" : null);
  const language = languageOf(context.env);
  const files = filesOf(command, options);
  const question = await questionFrom(options, streams).catch((thrown: unknown) => wrong(command, thrown));
  if (question !== null) {
    const draw = async (markdown: string) =>
      (await screen()).drawMarkdown(markdown, { width: process.stdout.columns, plain: isPlain(context.env) });
    const form = options.streamJson === true ? "lines" : options.json === true ? "json" : "text";
    return await askOnce(context, streams, {
      question,
      files,
      only,
      resume,
      language,
      form,
      quiet: options.quiet === true,
      draw,
    });
  }
  if (streams.stdin.isTTY !== true || streams.stdout.isTTY !== true)
    return command.error("hermes: there is no terminal to talk at. Ask one question with: hermes chat -q 'QUESTION'", {
      exitCode: exits.usage,
    });
  const seat = only === null ? mainSeat : seatWith(only);
  const base: TerminalCall = { seat, only, resume, language, looks: true };
  const status = await (
    await screen()
  ).talk({
    home: context.home,
    env: context.env,
    fresh: options.new === true,
    files,
    fileAt,
    connect: async ({ seat: kept, mayOpen, signal }) => {
      const call = kept === null ? base : { ...base, seat: kept, resume: null };
      return await openLink({ context, call, patienceMs: kept === null ? 0 : comingBackMs, mayOpen, signal });
    },
  });
  context.exit(status);
}

/** A service that is restarted is there again by then; after that one is opened here, should anything be said. */
const comingBackMs = 15_000;

function added(path: string, before: readonly string[] = []): readonly string[] {
  return [...before, path];
}

function filesOf(command: Command, { image = [], file = [] }: Options): readonly TerminalFile[] {
  if (image.length + file.length > mostFiles)
    return command.error(`hermes: at most ${mostFiles} files go with one question.`, { exitCode: exits.usage });
  try {
    return [...image.map((path) => fileAt(path, "picture")), ...file.map((path) => fileAt(path))];
  } catch (thrown) {
    return wrong(command, thrown);
  }
}

function toolsetsOf(command: Command, text: string | undefined): TerminalCall["only"] {
  const names = (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  const unknown = names.find((name) => !isToolsetName(name));
  if (unknown !== undefined)
    command.error(`hermes: ${unknown} is no set of tools. There are: ${toolsetNames.join(", ")}, mcp-SERVER.`, {
      exitCode: exits.usage,
    });
  return names.length === 0 || names.includes("all") ? null : names;
}

/** What has other tools is another conversation: a prompt keeps the tools that it began with. A seat's name is short and plain; theirs need not be. */
function seatWith(only: readonly string[]): string {
  const names = [...new Set(only)].toSorted();
  return `with-${createHash("sha256").update(names.join(",")).digest("hex").slice(0, 16)}`;
}

/** `de_DE.UTF-8` is de-DE. */
function languageOf(env: Context["env"]): string | null {
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
  return /^([a-z]{2,3})(?:_([A-Z]{2}))?(?:[.@]|$)/.exec(locale)?.slice(1, 3).filter(Boolean).join("-") ?? null;
}

function wrong(command: Command, thrown: unknown): never {
  if (thrown instanceof Failure) return command.error(`hermes: ${thrown.message}`, { exitCode: exits.usage });
  throw thrown;
}
