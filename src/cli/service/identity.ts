import { readFile } from "node:fs/promises";
import { runProgram } from "./programs.ts";

/** What tells a process from another that gets its number later. */
export interface Identity {
  readonly key: string;
  /** Epoch milliseconds; null where it can't be told. */
  readonly startedAt: number | null;
}

/** The process of this number; null when there is none, or only its remains. */
export async function identityOf(pid: number): Promise<Identity | null> {
  if (!exists(pid)) return null;
  return process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

async function fromProc(pid: number): Promise<Identity | null> {
  const [stat, boot, machine] = await Promise.all(
    [`/proc/${pid}/stat`, "/proc/sys/kernel/random/boot_id", "/proc/stat"].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  // The second field is the program's name, which may hold anything; then the state, and the start is the 22nd of all.
  const fields = (stat ?? "").slice((stat ?? "").lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  if (started === undefined || state === "Z" || state === "X") return null;
  const bootedAt = Number(/^btime (\d+)$/m.exec(machine ?? "")?.[1]);
  const startedAt = (bootedAt + Number(started) / ticksPerSecond) * 1_000;
  return { key: `${(boot ?? "").trim()} ${started}`, startedAt: Number.isFinite(startedAt) ? Math.round(startedAt) : null };
}

/** USER_HZ: the kernel counts so towards programs on every architecture that Node runs on. */
const ticksPerSecond = 100;

async function fromPs(pid: number): Promise<Identity | null> {
  const { status, out } = await runProgram("ps", ["-o", "stat=,lstart=", "-p", String(pid)], process.env);
  const [, state = "", started = ""] = /^\s*(\S+)\s+(.+?)\s*$/m.exec(out) ?? [];
  if (status !== 0 || started === "" || state.startsWith("Z")) return null;
  const at = Date.parse(started);
  return { key: started, startedAt: Number.isNaN(at) ? null : at };
}
