import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";
import type { Seen } from "../doubles/model-server.ts";
import { openTerminal, type Terminal, type TerminalOptions } from "../services/terminal.ts";

/** A PNG of one red dot. */
export const dot = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
  "base64",
);
/** The command line as its program. */
export const entry = new URL("../../bin/hermes.mjs", import.meta.url).pathname;
/** The end of a screen where one can write. */
export const ready = /⚕ Qwen3\.6.*\n─+\n❯/;

/** `hermes chat` at a terminal of its own. */
export function openChat(t: TestContext, home: string, options: TerminalOptions, args: readonly string[] = []): Terminal {
  return openTerminal(t, process.execPath, [entry, "chat", ...args], {
    rows: 60,
    ...options,
    env: { HERMES_HOME: home, ...options.env },
  });
}

/** The tools that a model was told of. */
export function listed(seen: Seen | undefined): readonly string[] {
  return (seen?.body.tools ?? []).map((tool) => tool.function.name);
}

/** Runs a command line in this process, with what is piped in, and gives what it wrote. */
export async function runWith(env: Readonly<Record<string, string>>, args: readonly string[], piped = "") {
  let [out, err] = ["", ""];
  const code = await hermes(args, {
    env,
    stdin: Readable.from(piped === "" ? [] : [piped]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { code, out, err };
}
