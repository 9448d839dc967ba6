import { randomBytes } from "node:crypto";
import type { Attached, AttachOptions } from "../core/sandbox.ts";
import type { Machine, Place } from "./machine.ts";
import { markerScan } from "./marker-scan.ts";
import { checkCommand } from "./paths.ts";
import { killRun, newMarker, ownerMark, spawnText } from "./shell.ts";
import { enterScript, quoted } from "./shell-scripts.ts";

/** A command that a system takes as one argument: Linux's MAX_ARG_STRLEN, less what goes around it. */
const longestCommand = 120 * 1024;
/** How long killing may be tried, and how often: a program that was stopped as it began may not be there yet at the first look. */
const killLooks = 5;

/** How long the rest of its stdout may take to come after its end was told; a child that it left behind may hold that open for ever. */
const restMs = 500;
/** Who talks to a program uses its machine; this is noted so often at most. */
const noteMs = 60 * 60_000;

/** Starts a program with pipes of its own. Its exit code comes behind a marker at the end of its stderr. */
export async function attach(machine: Machine, session: string, command: string, wish: AttachOptions): Promise<Attached> {
  checkCommand(command);
  if (command.length > longestCommand) throw new Error(`The command is longer than ${longestCommand / 1024} KB.`);
  await machine.ensure();
  const id = randomBytes(8).toString("hex");
  const marker = newMarker();
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  const code: { said: number | null } = { said: null };
  const onCode = (said: string): void => {
    code.said = Number(said);
    setTimeout(() => resolve(code.said), restMs);
  };
  const scan = markerScan(marker, (chunk) => wish.onError(chunk), onCode);
  const marks = [`${ownerMark}=${machine.owner}`, `HERMES_RUN=${id}`];
  const script = attachScript(machine.place, session, id, marker, wish.workdir ?? "");
  const pipes = await machine.spawn(["env", ...marks, "sh", "-c", script, "sh", command], {
    onOutput: (chunk) => wish.onOutput(chunk),
    onError: (chunk) => scan.push(chunk),
    onEnd: () => resolve(code.said),
  });
  const stop = (): void => void killed(machine, id, ended).then(() => resolve(null));
  if (wish.signal.aborted) stop();
  else wish.signal.addEventListener("abort", stop, { once: true });
  void ended.then(() => {
    wish.signal.removeEventListener("abort", stop);
    pipes.destroy();
  });
  let noted = Date.now();
  const write = (input: string | Uint8Array): void => {
    pipes.write(input);
    if (Date.now() - noted < noteMs) return;
    noted = Date.now();
    void spawnText(machine, ["sh", "-c", `true > ${quoted(`${machine.place.state}/alive`)}`]).catch(() => undefined);
  };
  return { write, end: pipes.end, ended: ended.then((code) => (wish.signal.aborted ? null : code)) };
}

async function killed(machine: Machine, id: string, ended: Promise<unknown>): Promise<void> {
  const over = { now: false };
  void ended.then(() => (over.now = true));
  for (let look = 0; look < killLooks && !over.now; look += 1) {
    await killRun(machine, id).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50 * (look + 1)));
  }
}

/** The session's directory and environment as its last command left them, then the command (`$1`). Says that the machine is in use by it; what killed ones had said is tidied up. */
function attachScript({ workspace, state }: Place, session: string, id: string, marker: string, workdir: string): string {
  const [own, use, alive] = [`${state}/${session}/current`, `${state}/attached-${id}`, `${state}/alive`].map(quoted);
  const prologue = `${enterScript(workspace)}\nset --\n`;
  return `
for o in ${quoted(state)}/attached-*/busy; do [ ! -f "$o" ] || ! read -r x k < "$o" || kill -0 "$k" || rm -rf "\${o%/busy}"; done 2> /dev/null
true > ${alive}; mkdir -p ${use}; echo "1 $$" > ${use}/busy
i=; [ ! -f ${own} ] || read -r i < ${own}
b=sh; ! command -v bash > /dev/null || b='bash --norc'
$b -c ${quoted(prologue)}"$1" sh "$i" ${quoted(workdir)}
c=$?
rm -rf ${use}; true > ${alive}
printf '%s %s\\n' ${quoted(marker)} $c >&2`;
}
