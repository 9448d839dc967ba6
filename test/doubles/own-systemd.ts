import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { killLeftovers } from "../services/leftovers.ts";

/** A user's systemd that really runs the units in XDG_CONFIG_HOME, with nothing in their environment but what they say and a PATH. */
export interface OwnSystemd {
  /** To put first on PATH. */
  readonly folder: string;
  /** The newest process of a unit; null when it was never started. */
  pid(unit: string): Promise<number | null>;
}

/** Makes its `systemctl` in a folder of the test's own. What it runs of these units ends with the test, whatever ends that. */
export async function ownSystemd(folder: string, ...units: readonly string[]): Promise<OwnSystemd> {
  await mkdir(folder, { recursive: true });
  killLeftovers(...units.map((unit) => join(folder, `${unit}.pid`)));
  await writeFile(join(folder, "systemctl"), script);
  await writeFile(join(folder, "loginctl"), "#!/bin/sh\necho Linger=yes\n");
  for (const name of ["systemctl", "loginctl"]) await chmod(join(folder, name), 0o755);
  return {
    folder,
    async pid(unit) {
      const written = await readFile(join(folder, `${unit}.pid`), "utf8").catch(() => "");
      return written === "" ? null : Number(written);
    },
  };
}

/** A process that nobody has waited for is a zombie, not a service. */
const script = `#!/bin/sh
here=$(dirname "$0")
[ "$1" = --user ] && shift
verb=$1 unit=$2 file="$XDG_CONFIG_HOME/systemd/user/$2" note="$here/$2.pid"
of() { sed -n "s/^$1=//p" "$file"; }
lives() { [ -f "$note" ] && grep -q '^State:[[:space:]]*[^ZX]' "/proc/$(cat "$note")/status" 2>/dev/null; }
case $verb in
  is-system-running) echo running ;;
  start)
    cd "$(of WorkingDirectory)" || exit 1
    eval "exec env -i HOME='$HOME' $(of Environment | tr '\\n' ' ') PATH='$PATH' setsid $(of ExecStart)" </dev/null >/dev/null 2>&1 &
    echo $! > "$note" ;;
  stop) kill "$(cat "$note")"; while lives; do sleep 0.05; done ;;
  show)
    if lives; then echo ActiveState=active; echo "MainPID=$(cat "$note")"; else echo ActiveState=inactive; echo MainPID=0; fi
    echo UnitFileState=enabled; echo Result=success ;;
esac
exit 0
`;
