import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Programs on PATH that look like systemd's or launchd's, keep account of what they are asked, and fail as they are told. */
export interface ServiceManager {
  /** To put first on PATH. */
  readonly folder: string;
  /** Every call so far, as it was typed. */
  calls(): Promise<readonly string[]>;
  forget(): Promise<void>;
  /** What a verb (`is-system-running`, `show`, `print`) prints from now on, and with which status; `--user` asks of its own. */
  answer(verb: string, out: string, status?: number): Promise<void>;
  /** What it complains of from now on when it is asked for this; null: it works again. */
  fail(verb: string, complaint: string | null): Promise<void>;
  /** Sets the unit's state at the first call of this verb. */
  becomes(verb: string, show: string): Promise<void>;
}

/** How `systemctl show` tells of a unit. */
export function shown(active: string, pid = 0, more: Readonly<Record<string, string>> = {}): string {
  const facts = {
    LoadState: "loaded",
    ActiveState: active,
    SubState: active === "active" ? "running" : active,
    MainPID: String(pid),
  };
  return Object.entries({ ...facts, UnitFileState: "enabled", Result: "success", ExecMainStatus: "0", NRestarts: "0", ...more })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Makes the programs in a folder of the test's own. */
export async function serviceManager(folder: string): Promise<ServiceManager> {
  await mkdir(folder, { recursive: true });
  for (const program of ["systemctl", "loginctl", "launchctl"]) {
    await writeFile(join(folder, program), script(folder, program));
    await chmod(join(folder, program), 0o755);
  }
  const file = (kind: string, verb: string) => join(folder, `${kind} ${verb}`);
  const manager: ServiceManager = {
    folder,
    calls: async () => (await readFile(join(folder, "calls"), "utf8").catch(() => "")).split("\n").filter(Boolean),
    forget: async () => await rm(join(folder, "calls"), { force: true }),
    answer: async (verb, out, status = 0) => {
      await writeFile(file("status", verb), String(status));
      // At once: somebody may be asking just now.
      await writeFile(file("new", verb), out);
      await rename(file("new", verb), file("out", verb));
    },
    fail: async (verb, complaint) => {
      if (complaint === null) await rm(file("err", verb), { force: true });
      else await writeFile(file("err", verb), `${complaint}\n`);
    },
    becomes: async (verb, show) => await writeFile(file("then", verb), show),
  };
  await manager.answer("is-system-running", "running\n");
  await manager.answer("show", shown("inactive"));
  await manager.answer("show-user", "Linger=yes\n");
  return manager;
}

/** The verb is the first word that is no option; with `--user` its own answer comes first. */
function script(folder: string, program: string): string {
  return `#!/bin/sh
cd '${folder}' || exit 9
echo "${program} $*" >> calls
user=""
for word in "$@"; do case "$word" in --user) user="--user ";; -*) ;; *) verb="$word"; break;; esac; done
if [ -f "err $verb" ]; then cat "err $verb" >&2; exit 1; fi
if [ -f "then $verb" ]; then cp "then $verb" "out show"; rm "then $verb"; fi
for name in "$user$verb" "$verb"; do
  if [ -f "out $name" ]; then cat "out $name"; read -r status < "status $name" || true; exit "\${status:-0}"; fi
done
exit 0
`;
}
