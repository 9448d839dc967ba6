import type { Place } from "./machine.ts";

/**
 * The shell text that runs inside a sandbox. POSIX sh only: images have dash, busybox or bash. Builtins wherever the path is hot,
 * since a fork costs as much as the rest of a command's overhead together.
 */

/** In a container: a small tmpfs of its own, since a full /tmp must not take the shell down. */
export const stateDir = "/.hermes";

/** Where in the state directory background processes are. */
export const processesDir = "processes";

/** Longest a background process holds a container awake that nobody uses, in seconds. */
const longestBackground = 24 * 60 * 60;

/** Longest any command may hold the container awake, in seconds: the terminal tool's cap (600) and some. */
const longestBusy = 660;

/**
 * Process 1: sleeps, and ends itself after `lifetime` seconds without a command. The container looks after itself because several
 * workers may share it, and because nobody is left to stop it when they are all gone.
 */
export function keeperScript(lifetimeSeconds: number): string {
  const tick = Math.max(1, Math.min(15, Math.floor(lifetimeSeconds / 4)));
  return `
n=0; true > ${stateDir}/seen
while sleep ${tick}; do
  if [ ${stateDir}/alive -nt ${stateDir}/seen ]; then true > ${stateDir}/seen; n=0; else n=$((n+${tick})); fi
  limit=${lifetimeSeconds}
  for b in ${stateDir}/*/busy; do
    x=0; [ -f "$b" ] && read -r x < "$b"
    [ "$x" = 1 ] && [ $limit -lt ${longestBusy} ] && limit=${longestBusy}
  done
  for b in ${stateDir}/${processesDir}/*/keeper; do
    k=; [ -f "$b" ] && [ ! -f "\${b%/keeper}/code" ] && read -r k x < "$b"
    [ -n "$k" ] && [ -d "/proc/$k" ] && limit=${Math.max(longestBackground, lifetimeSeconds)}
  done
  [ $n -lt $limit ] || exit 0
done`;
}

/** Puts a shell where the session's last command has left off: \`HERMES_IN\` is the file with its environment. */
export const enterScript = (workspace: string): string => `
if [ -f "$HERMES_IN" ]; then
  . "$HERMES_IN" 2>/dev/null
  __o=\${OLDPWD-}; cd -- "$PWD" 2>/dev/null || cd ${quoted(workspace)}; OLDPWD=$__o; unset __o
else
  cd ${quoted(workspace)}; PATH="$PATH:$HOME/.local/bin"
fi
__term=; if [ -n "\${HERMES_TTY-}" ]; then __term=\${TERM-dumb}; TERM=xterm-256color; export TERM; fi
unset HERMES_TTY HERMES_SH HERMES_GO HERMES_SHELL`;

/**
 * Runs one command in a process of its own, so that \`exit\`, \`exec\`, \`set -e\` or a syntax error end only it. The
 * environment and the
 * directory it leaves behind go into a file, from which the next one starts.
 */
const runScript = (workspace: string): string => `${enterScript(workspace)}
__dir=\${0%/*}; __out=$HERMES_OUT; __at=$HERMES_AT; __pwd=$PWD; __old=\${OLDPWD-}
unset HERMES_IN HERMES_OUT HERMES_AT
__save() {
  unset HERMES_RUN; [ -z "$__term" ] || TERM=$__term
  if [ -n "$__at" ]; then PWD=$__pwd; OLDPWD=$__old; fi
  export PWD OLDPWD
  { export -p && if [ -n "\${BASH_VERSION-}" ]; then declare -f; fi; } > "$__out" && printf 'ok\\n' > "$__dir/done"
}
trap '__c=$?; set +eu; __save 2>/dev/null; exit $__c' EXIT
if [ -n "$__at" ]; then cd -- "$__at" || exit 1; fi
. "$__dir/command"
`;

/**
 * The long-lived shell: functions that the host calls by writing a line to its stdin. Each answers with the marker it was given
 * and a
 * few words. r: run a command, unless the process table is nearly full or its text can't be stored ("broken"). f: send a file.
 * w: take a file.
 */
export function driverScript({ workspace, state }: Place, session: string, mostProcesses: number): string {
  const alive = quoted(`${state}/alive`);
  return `
D=${quoted(`${state}/${session}`)}; IN=$D/state-a; OUT=$D/state-b
[ -d "$D" ] || mkdir -p "$D"
H=fresh; if [ -f "$D/current" ]; then H=kept; read -r IN < "$D/current"; [ "$IN" = "$D/state-b" ] && OUT=$D/state-a; fi
P=/sys/fs/cgroup/pids.current; [ -r $P ] || P=/sys/fs/cgroup/pids/pids.current; [ -r $P ] || P=
B=$(command -v bash) || B=sh; M=${mostProcesses}
cat > "$D/run" <<'HERMES_SCRIPT'${runScript(workspace)}HERMES_SCRIPT
r() {
  true > ${alive}; echo 1 > "$D/busy"; echo no > "$D/done"
  n=0; [ -z "$P" ] || read -r n < "$P"
  if [ "$n" -le "$M" ] && [ -f "$D/run" ] && printf '%s\\n' "$4" > "$D/command"; then
    if [ "$5" = 1 ]; then
      terminal_by; c=terminal
      if [ -n "$W" ]; then
        (HERMES_RUN=$2 HERMES_AT=$3 HERMES_IN=$IN HERMES_OUT=$OUT; export HERMES_RUN HERMES_AT HERMES_IN HERMES_OUT
        on_terminal "$D/run") < /dev/null 2>&1
        c=$?
      fi
    else
      HERMES_RUN=$2 HERMES_AT=$3 HERMES_IN=$IN HERMES_OUT=$OUT $B "$D/run" < /dev/null 2>&1
      c=$?
    fi
  else c=broken; fi
  x=no; read -r x < "$D/done"
  if [ "$x" = ok ]; then x=$IN; IN=$OUT; OUT=$x; printf '%s\\n' "$IN" > "$D/current"; fi
  echo 0 > "$D/busy"; true > ${alive}
  n=0; [ -z "$P" ] || read -r n < "$P"
  printf '%s %s %s\\n' "$1" "$c" "$n"
}
inside() { case $1 in ${quoted(workspace)}|${quoted(workspace)}/*) return 0;; esac; return 1; }
f() {
  true > ${alive}
  p=$(readlink -f "$2"); c=ok
  if [ -z "$p" ]; then c=missing
  elif ! inside "$p"; then c=outside
  elif [ ! -e "$p" ]; then c=missing
  elif [ -d "$p" ]; then c=directory
  elif [ ! -f "$p" ]; then c=special
  elif [ ! -r "$p" ]; then c=denied
  else head -c "$3" "$p" || c=failed; fi
  printf '%s %s\\n' "$1" "$c"
}
w() {
  true > ${alive}
  c=ok; p=$(readlink -f "$3"); d=\${3%/*}
  if [ -z "$p" ] || [ ! -d "\${p%/*}" ]; then
    e=$d; while [ ! -e "$e" ] && [ -n "$e" ]; do e=\${e%/*}; done
    e=$(readlink -f "\${e:-/}")
    if inside "$e"; then mkdir -p "$d" || c=failed; p=$(readlink -f "$3"); else c=outside; fi
  fi
  if [ $c != ok ]; then true
  elif [ -z "$p" ]; then c=failed
  elif ! inside "$p"; then c=outside
  elif [ -d "$p" ]; then c=directory
  elif [ -e "$p" ] && [ ! -f "$p" ]; then c=special
  elif [ -e "$p" ] && [ ! -w "$p" ]; then c=denied; fi
  printf '%s %s\\n' "$1" "$c"
  [ $c = ok ] || return 0
  t=\${p%/*}/.hermes-write-$$
  m=; [ -e "$p" ] && m=$(stat -c %a "$p")
  head -c "$4" > "$t" || c=failed
  [ "$(wc -c < "$t")" -eq "$4" ] || c=failed
  if [ $c = ok ]; then { [ -z "$m" ] || chmod "$m" "$t"; } && mv -f "$t" "$p" || c=failed; fi
  [ $c = ok ] || rm -f "$t"
  printf '%s %s\\n' "$2" "$c"
  # What is left of the file in the pipe must not be read as commands.
  [ $c = ok ] || exit 1
}
`;
}

/** Kills every process that carries `mark` in its first environment, however far it has detached itself. */
export function killScript(mark: string): string {
  return `
i=0
while [ $i -lt 50 ]; do
  l=$(grep -l ${quoted(mark)} /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$l" ] || exit 0
  for e in $l; do e=\${e#/proc/}; kill -9 "\${e%/environ}" 2>/dev/null; done
  i=$((i+1))
done
exit 1`;
}

/** One word for the shell, whatever it contains. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
