import type { ProcessInfo, Sandbox } from "../core/sandbox.ts";
import { noProcess } from "./background.ts";
import { checkCommand } from "./paths.ts";
import type { Asked } from "./virtual-messages.ts";

/** What the model reads about a terminal in a virtual sandbox. */
export const noTerminalHere = "The virtual sandbox has no terminal: run it without pty. (docker, ssh and local have one.)";
const noInput = "A background command of the virtual sandbox has no input: give it what it needs in the command or a file.";
const noPrograms =
  "The virtual sandbox has no programs of its own to talk with: run python3 or js-exec by terminal. (docker, ssh and local have.)";
/** How long the interpreter may take to stop a command. */
const stopMs = 2_000;
const stopLookMs = 20;

type Guarded = <Result>(task: () => Promise<Result>) => Promise<Result>;
type Processes = Pick<Sandbox, "start" | "processes" | "output" | "send" | "closeInput" | "kill" | "attach">;

/** A virtual sandbox's background commands: they live and end with its thread, and so with the worker that has it. */
export function virtualProcesses(session: string, guarded: Guarded, thread: () => Asked): Processes {
  const list = async (): Promise<readonly ProcessInfo[]> => {
    const reply = await thread().request({ type: "processes" }).reply;
    return reply.type === "processes" ? reply.processes : [];
  };
  const find = async (id: string): Promise<ProcessInfo> => {
    const all = await list();
    const info = all.find((each) => each.id === id);
    if (info === undefined) throw noProcess(id, all);
    return info;
  };
  return {
    start: (command, { workdir, pty }) =>
      guarded(async () => {
        if (pty) throw new Error(noTerminalHere);
        checkCommand(command);
        const reply = await thread().request({ type: "start", session, command, workdir: workdir ?? null }).reply;
        if (reply.type === "begun" && reply.process !== null) return reply.process;
        throw new Error('Too many commands run in the background already. End one first with process(action="kill").');
      }),
    processes: list,
    async output(id, from, limit) {
      const reply = await thread().request({ type: "output", process: id, from, limit }).reply;
      if (reply.type !== "output" || reply.part === null) throw noProcess(id, await list());
      return reply.part;
    },
    async send(id) {
      await find(id);
      throw new Error(noInput);
    },
    async closeInput(id) {
      await find(id);
      throw new Error(noInput);
    },
    async kill(id) {
      await find(id);
      await thread().request({ type: "kill", process: id }).reply;
      const until = performance.now() + stopMs;
      while ((await find(id)).state === "running") {
        if (performance.now() > until) throw new Error(`The process ${id} could not be ended.`);
        await new Promise((resolve) => setTimeout(resolve, stopLookMs));
      }
      return find(id);
    },
    attach: () => Promise.reject(new Error(noPrograms)),
  };
}
