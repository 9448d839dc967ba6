import { z } from "zod";
import type { ProcessInfo, ProcessOutput, ProcessState, Sandbox } from "../core/sandbox.ts";
import { processName } from "./background-names.ts";
import { sendScript } from "./background-scripts.ts";
import { inTime } from "./in-time.ts";
import type { Lifeline } from "./lifeline.ts";
import { checkCommand } from "./paths.ts";
import { killRun, newMarker, type Shell, spawnText } from "./shell.ts";
import { inShellTime } from "./shell-files.ts";
import { processesDir, quoted } from "./shell-scripts.ts";
import { wholeText } from "./background-text.ts";

type Background = Pick<Sandbox, "start" | "processes" | "output" | "send" | "closeInput" | "kill">;

/** Of a command's text, as it is shown in lists. */
const shownChars = 2_000;
/** Most that can be sent at once: what a pipe holds before somebody reads it. */
const longestSend = 60 * 1024;
/** A process that does not read is waited for so long by the script, and the script by us. */
const sendMs = 10_000;
/** How long a process that was killed, or the last of an ended one's output, may take to be noted. */
const settleMs = 3_000;
const settleLookMs = 50;

/** `once`: asks the session's shell something that must not be repeated; `again`: something that may. */
export interface Asking {
  once<Result>(task: (shell: Shell) => Promise<Result>): Promise<Result>;
  again<Result>(task: (shell: Shell) => Promise<Result>): Promise<Result>;
}

/** A machine's background processes, as one session sees them: it begins them where its commands are. */
export function background(line: Lifeline, { once, again }: Asking): Background {
  const { machine } = line;
  const ask = (words: readonly (string | number)[]) => again((shell) => say(shell, words));
  const list = async (): Promise<readonly ProcessInfo[]> => processesIn((await ask(["p"])).text);
  const listed = async (): Promise<readonly Listed[]> => listedIn((await ask(["p"])).text);
  const found = async (id: string): Promise<Listed> => {
    const all = await listed();
    const info = all.find((each) => each.id === id);
    if (info === undefined) throw noProcess(id, all);
    return info;
  };
  /** Once it has ended and its last output is there, or the time is over. */
  const settled = async (id: string): Promise<Listed> => {
    const until = performance.now() + settleMs;
    for (;;) {
      const info = await found(id);
      if ((info.state !== "running" && info.drained) || performance.now() > until) return info;
      await new Promise((resolve) => setTimeout(resolve, settleLookMs));
    }
  };
  const missing = async (id: string): Promise<Error> => noProcess(id, await listed());

  return {
    async start(command, { workdir, pty }) {
      checkCommand(command);
      const about = JSON.stringify({ command: command.slice(0, shownChars), pty });
      for (let later = 0; later < tries; later += 1) {
        const id = processName(later);
        const { answer } = await once((shell) => say(shell, ["b", id, pty ? 1 : 0, workdir ?? "", about, command]));
        if (answer === "ok") return { id, command: command.slice(0, shownChars), pty, ...justBegun };
        if (answer !== "taken") throw new Error(startFault(answer, await list()));
      }
      throw new Error("No name was free for another process. Try again in a moment.");
    },
    processes: list,
    async output(id, from, limit) {
      const info = await found(id);
      // The last words of a process that has just ended are still on their way into its log.
      if (info.state !== "running" && !info.drained && info.sinceEndMs < settleMs) await settled(id);
      const part = await readPart(ask, id, from, limit, info.state === "running");
      if (part === null) throw await missing(id);
      if (from === "unread") await ask(["n", id, part.next]);
      const place = `${machine.place.state}/${processesDir}/${id}`;
      return { ...part, text: part.text.replaceAll(`${place}/command: `, "bash: ").replaceAll(`${place}/go: `, "bash: ") };
    },
    async send(id, data) {
      if (data.includes("\0")) throw new Error("The text contains a NUL character.");
      if (Buffer.byteLength(data) > longestSend) throw new Error(`At most ${longestSend / 1024} KB can be sent at once.`);
      if (!/^\w+$/.test(id)) throw await missing(id);
      await machine.ensure();
      const place = `${machine.place.state}/${processesDir}/${id}`;
      const said = await inTime(
        spawnText(machine, ["sh", "-c", sendScript, "sh", place, data]),
        sendMs,
        "sending to the process",
      );
      await checkInput(said.trim(), id, missing);
    },
    async closeInput(id) {
      await checkInput((await ask(["i", id])).answer, id, missing);
    },
    async kill(id) {
      if ((await ask(["x", id])).answer !== "ok") throw await missing(id);
      try {
        await killRun(machine, id);
      } catch {
        // Too full for one more process.
        await line.restart();
        line.tell("Stopping a process took a restart of the sandbox, which has ended the others too.");
        return { id, command: "", pty: false, ...justBegun, state: "killed" };
      }
      const info = await settled(id);
      if (info.state === "running") throw new Error(`The process ${id} could not be ended.`);
      return plain(info);
    },
  };
}

const justBegun = { state: "running", exitCode: null, ms: 0, outputBytes: 0 } as const;
/** More than are kept at once: then one of the names is free. */
const tries = 20;

/** One call of the shell: what it printed, and the words behind the marker. */
async function say(
  shell: Shell,
  [name, ...words]: readonly (string | number)[],
): Promise<{ readonly text: Buffer; readonly answer: string }> {
  const marker = newMarker();
  const chunks: Buffer[] = [];
  const line = [String(name), ...[marker, ...words].map((word) => quoted(String(word)))].join(" ");
  const answer = await inShellTime(shell, () =>
    shell.call(marker, `${line}\n`, (chunk) => {
      if (chunks.length < mostChunks) chunks.push(Buffer.from(chunk));
    }),
  );
  return { text: Buffer.concat(chunks), answer };
}

/** An answer is a list of 16 or a part of at most some kilobytes: more can only be nonsense. */
const mostChunks = 4_096;

type Ask = (words: readonly (string | number)[]) => Promise<{ readonly text: Buffer; readonly answer: string }>;

/** Null when there is no such process. */
async function readPart(
  ask: Ask,
  id: string,
  from: number | "unread",
  limit: number,
  running: boolean,
): Promise<ProcessOutput | null> {
  const parts: Buffer[] = [];
  let [begin, next, total, kept] = [-1, 0, 0, 0];
  do {
    const { text, answer } = await ask(["o", id, begin === -1 ? from : next, limit - kept]);
    const [word, ...places] = answer.split(" ");
    if (word !== "ok") return null;
    const [at = 0, after = 0, all = 0] = places.map(Number);
    // What lies between two pieces is gone: that is told by where the next part begins.
    if (begin !== -1 && at !== next) break;
    if (begin === -1) begin = at;
    parts.push(text);
    kept += text.length;
    [next, total] = [after, all];
  } while (next < total && kept < limit);
  const { text, skipped, left } = wholeText(Buffer.concat(parts), running || next < total);
  return { text, from: begin + skipped, next: next - left, total };
}

/** What the host knows of a process and does not tell. */
interface Listed extends ProcessInfo {
  /** Its output is complete. */
  readonly drained: boolean;
  readonly sinceEndMs: number;
}

const aboutShape = z.object({ command: z.string(), pty: z.boolean() });

function processesIn(text: Buffer): readonly ProcessInfo[] {
  return listedIn(text).map(plain);
}

function plain({ drained: _drained, sinceEndMs: _since, ...info }: Listed): ProcessInfo {
  return info;
}

/** Two lines a process. Whoever runs there may have changed what they say, so nothing of it is trusted. */
function listedIn(text: Buffer): readonly Listed[] {
  const lines = text.toString("utf8").split("\n");
  return lines.flatMap((line, at) => {
    if (at % 2 === 1) return [];
    const [id = "", up, code = "-", ended, began, total, killed, done, now] = line.split(" ");
    const about = aboutShape.safeParse(jsonIn(lines[at + 1] ?? ""));
    if (!/^\w+$/.test(id) || !about.success) return [];
    const state = stateOf(up === "1", code, killed === "1");
    const until = Number(code === "-" ? now : ended);
    const info: Listed = {
      id,
      ...about.data,
      state,
      exitCode: state === "exited" ? Number(code) : null,
      ms: Math.max(0, until - Number(began)) * 1000,
      outputBytes: Number(total),
      drained: done === "1",
      sinceEndMs: (Number(now) - until) * 1000,
    };
    return [info];
  });
}

function stateOf(up: boolean, code: string, killed: boolean): ProcessState {
  if (code !== "-") return killed ? "killed" : "exited";
  if (up) return "running";
  return killed ? "killed" : "lost";
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function startFault(answer: string, all: readonly ProcessInfo[]): string {
  switch (answer) {
    case "terminal":
      return noTerminal;
    case "many": {
      const running = all.filter(({ state }) => state === "running").map(({ id }) => id);
      return `Too many processes run here already. End one first with process(action="kill"). In the background: ${running.join(", ") || "none"}.`;
    }
    default:
      return "The process could not be started: the sandbox has no room for it.";
  }
}

/** What the model reads where there is no way to make one. */
export const noTerminal =
  "There is no way to make a terminal here: neither script (of util-linux) nor python3 is installed. Run it without pty.";

async function checkInput(said: string, id: string, missing: (id: string) => Promise<Error>): Promise<void> {
  switch (said) {
    case "ok":
      return;
    case "ended":
      throw new Error(`The process ${id} has ended; nothing reads its input any more.`);
    case "closed":
      throw new Error(`The input of the process ${id} is closed.`);
    case "missing":
      throw await missing(id);
    default:
      throw new Error(`The process ${id} does not read its input; a part of the text may have been taken.`);
  }
}

/** The error for an id that nobody knows. */
export function noProcess(id: string, all: readonly ProcessInfo[]): Error {
  const known = all.map((each) => `${each.id} (${each.state})`).join(", ") || "none";
  return new Error(
    `There is no process ${id.slice(0, 40)}. There are: ${known}. When a sandbox is restarted, all of its processes end and are forgotten.`,
  );
}
