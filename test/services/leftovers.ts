import { spawn } from "node:child_process";

/**
 * Kills what outlives this process although it was started by a test of it: a service that is meant to stay. Each note begins with the
 * process's number, or with JSON that does; notes that are gone, as after a test that has tidied up, name nothing.
 */
export function killLeftovers(...notes: readonly string[]): void {
  spawn("sh", ["-c", watch, "sh", String(process.pid), ...notes], { detached: true, stdio: "ignore", cwd: "/" }).unref();
}

/** A process that nobody has waited for is gone, too; and a number may have been given anew. */
const watch = `
test=$1; shift
while read -r _ _ state _ < "/proc/$test/stat"; do case $state in Z|X) break ;; esac; sleep 1; done
for note in "$@"; do
  pid=$(sed -n '1s/^[^0-9]*\\([0-9]\\{1,\\}\\).*/\\1/p' "$note")
  grep -q hermes "/proc/$pid/cmdline" && kill -KILL "$pid"
done
`;
