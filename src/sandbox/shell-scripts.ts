import type { Place } from "./machine.ts";

/**
 * The shell text that runs inside a sandbox. POSIX sh only: images have dash, busybox or bash. Builtins wherever the path is hot,
 * since a fork costs as much as the rest of a command's overhead together.
 */

/** In a container: a small tmpfs of its own, since a full /tmp must not take the shell down. */
export const stateDir = "/.hermes";

/** Where in the state directory background processes are. */
export const processesDir = "processes";

/** Longest a background process, or a program with pipes of its own, holds a container awake that nobody uses, in seconds. */
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
    x=0; k=; [ -f "$b" ] && read -r x k < "$b"
    if [ -z "$k" ]; then [ "$x" = 1 ] && [ $limit -lt ${longestBusy} ] && limit=${longestBusy}
    # A program with pipes of its own may be talked to at any time, as long as it is there.
    elif [ -d "/proc/$k" ]; then limit=${Math.max(longestBackground, lifetimeSeconds)}
    else rm -rf "\${b%/busy}"; fi
  done
  for b in ${stateDir}/${processesDir}/*/keeper; do
    k=; [ -f "$b" ] && [ ! -f "\${b%/keeper}/code" ] && read -r k x < "$b"
    [ -n "$k" ] && [ -d "/proc/$k" ] && limit=${Math.max(longestBackground, lifetimeSeconds)}
  done
  [ $n -lt $limit ] || exit 0
done`;
}

/**
 * Puts a shell where the session's last command has left off: \`$1\` is the file with its environment (or none), \`$2\` a directory for
 * this command alone. What commands leave behind may be hostile, or a function called \`cd\`: so nothing of ours is kept in variables
 * that it could name, and the file itself calls \`__enter\` before it defines its functions. \`then\` is done there at once, by a shell
 * that knows of none of them.
 */
export const enterScript = (workspace: string, then = ""): string => `
__enter() {
  if [ -f "$1" ]; then __o=\${OLDPWD-}; cd -- "$PWD" || cd ${quoted(workspace)}; OLDPWD=$__o; unset __o
  else cd ${quoted(workspace)}; PATH="$PATH:$HOME/.local/bin"; fi 2>/dev/null
  __term=; if [ -n "\${HERMES_TTY-}" ]; then __term=\${TERM-dumb}; TERM=xterm-256color; export TERM; fi
  unset HERMES_TTY HERMES_SH HERMES_GO HERMES_SHELL HERMES_IN HERMES_AT HERMES_OUT HERMES_ACK
  __place=
  if [ -n "$2" ]; then
    __place=$PWD; __before=\${OLDPWD-}
    if ! cd -- "$2" >/dev/null 2>&1; then [ -z "\${4-}" ] || printf '%s\\n' "$4"; cd -- "$2" 2>&3; exit 1; fi
  fi
  ${then}
}
if [ -f "$1" ]; then . "$1" 3>&2 2>/dev/null; else __enter "$@" 3>&2; fi`;

/** Functions with the names of what our own lines use would change what those do: they end with the command that made them. */
const forgetScript = `case \${BASH_VERSION-} in ?*)
POSIXLY_CORRECT=y
unset -f unset set exit trap export return exec eval
set +o posix
unset -f . declare printf echo [ ;; esac`;

/**
 * Runs one command in a process of its own, so that \`exit\`, \`exec\`, \`set -e\` or a syntax error end only it. The environment and the
 * directory it leaves behind go into a file, from which the next one starts. \`$3\`: that file, or none; \`$4\`: printed when the command
 * begins, after whatever might have kept it from beginning.
 */
const runScript = (workspace: string): string => `
__save() {
  [ -n "$1" ] || return
  unset HERMES_RUN; [ -z "$__term" ] || TERM=$__term
  if [ -n "$__place" ]; then PWD=$__place; OLDPWD=$__before; fi
  export PWD OLDPWD; unset __term __place __before
  { export -p && echo '__enter "$@"' && if [ -n "\${BASH_VERSION-}" ]; then unset -f __save __enter; declare -f; fi; } > "\${0%/*}/state-$1" \
    && echo ok > "\${0%/*}/done"
}
${enterScript(workspace)}
trap "{ __c=\\$?
${forgetScript.replaceAll("$", "\\$")}
set +eux; __save '\${3##*-}'; } 2>/dev/null; exit \\$__c" EXIT
printf '%s\\n' "$4"
set --
. "\${0%/*}/command"
`;

/**
 * The long-lived shell: functions that the host calls by writing a line to its stdin. Each answers with the marker it was given and a few
 * words. Commands print to its stderr, and their marker comes there; our own answers and files go to its stdout, to which nothing writes
 * that a command has left behind. r: run a command, unless the process table is nearly full or its text can't be stored ("broken"). f:
 * send a file. w: take a file.
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
  i=$IN; o=$OUT; [ "$6" != new ] || i=
  if [ "$n" -le "$M" ] && [ -f "$D/run" ] && printf '%s\\n' "$5" > "$D/command"; then
    case $6 in
    own) HERMES_RUN=$2 $B "$D/run" "" "$4" "" "$3" < /dev/null 2>&1; c=$? ;;
    pty)
      terminal_by; c=terminal
      if [ -n "$W" ]; then
        (HERMES_RUN=$2 HERMES_IN=$i HERMES_AT=$4 HERMES_OUT=$o HERMES_ACK=$3
        export HERMES_RUN HERMES_IN HERMES_AT HERMES_OUT HERMES_ACK
        on_terminal "$D/run") < /dev/null >&2
        c=$?
      fi ;;
    *) HERMES_RUN=$2 $B "$D/run" "$i" "$4" "$o" "$3" < /dev/null >&2; c=$? ;;
    esac
  else c=broken; fi
  x=no; read -r x < "$D/done"
  if [ "$x" = ok ]; then x=$IN; IN=$OUT; OUT=$x; printf '%s\\n' "$IN" > "$D/current"; fi
  echo 0 > "$D/busy"; true > ${alive}
  n=0; [ -z "$P" ] || read -r n < "$P"
  if [ "$6" = own ]; then printf '%s %s %s\\n' "$1" "$c" "$n"; else printf '%s %s %s\\n' "$1" "$c" "$n" >&2; fi
}
${filesScript(workspace, alive)}`;
}

/** `f` and `w` of the above. */
function filesScript(workspace: string, alive: string): string {
  return `
inside() { case $1 in ${quoted(workspace)}|${quoted(workspace)}/*) return 0;; esac; return 1; }
f() {
  true > ${alive}
  c=
  # What was opened is judged, not its name: that may be another's by now.
  if [ -f "$2" ] && [ -r "$2" ]; then
    { p=$(readlink /proc/self/fd/9); if inside "$p"; then c=ok; head -c "$3" <&9 2>&1 || c=failed; fi; } 9< "$2"
  fi
  if [ -z "$c" ]; then
    p=$(readlink -f "$2"); c=ok
    if [ -z "$p" ]; then c=missing
    elif ! inside "$p"; then c=outside
    elif [ ! -e "$p" ]; then c=missing
    elif [ -d "$p" ]; then c=directory
    elif [ ! -f "$p" ]; then c=special
    elif [ ! -r "$p" ]; then c=denied
    # It has changed meanwhile; only where nobody tells what was opened does the name count.
    elif [ -e /proc/self/fd ]; then c=failed
    else head -c "$3" "$p" 2>&1 || c=failed; fi
  fi
  printf '%s %s\\n' "$1" "$c"
}
w() {
  true > ${alive}
  c=ok; p=$(readlink -f "$3"); d=\${3%/*}
  if [ -z "$p" ] || [ ! -d "\${p%/*}" ]; then
    e=$d; while [ ! -e "$e" ] && [ -n "$e" ]; do e=\${e%/*}; done
    e=$(readlink -f "\${e:-/}")
    if inside "$e"; then mkdir -p "$d" 2>&1 || c=failed; p=$(readlink -f "$3"); else c=outside; fi
  fi
  if [ $c != ok ]; then true
  elif [ -z "$p" ]; then c=failed
  elif ! inside "$p"; then c=outside
  elif [ -d "$p" ]; then c=directory
  elif [ -e "$p" ] && [ ! -f "$p" ]; then c=special
  elif [ -e "$p" ] && [ ! -w "$p" ]; then c=denied
  # From here on it is this directory, whatever becomes of its name.
  elif ! cd -P -- "\${p%/*}/" || ! inside "$PWD"; then c=outside; fi
  printf '%s %s\\n' "$1" "$c"
  [ $c = ok ] || return 0
  # The file follows this line, which keeps the two answers apart where it is empty.
  read -r m
  t=./.hermes-write-\${2#?}; p=./\${p##*/}
  m=; [ -e "$p" ] && m=$(stat -c %a "$p")
  { head -c "$4" > "$t" && [ "$(wc -c < "$t")" -eq "$4" ]; } 2>&1 || c=failed
  if [ $c = ok ]; then { [ -z "$m" ] || chmod "$m" "$t"; } 2>&1 && [ ! -d "$p" ] && mv -f "$t" "$p" 2>&1 || c=failed; fi
  [ $c = ok ] || rm -f "$t"
  cd /
  printf '%s %s\\n' "$2" "$c"
  # What is left of the file in the pipe must not be read as commands.
  [ $c = ok ] || exit 1
}
`;
}

/**
 * Kills every process that carries \`mark\` in its first environment, however far it has detached itself, and all that descend from one,
 * whatever they carry. They are stopped first, so that none begets another meanwhile. Prints how many there were.
 */
export function killScript(mark: string): string {
  return `
i=0; a=0
while [ $i -lt 50 ]; do
  t=' '
  for e in $(grep -l ${quoted(mark)} /proc/[0-9]*/environ 2>/dev/null); do e=\${e#/proc/}; t="$t\${e%/environ} "; done
  [ "$t" != ' ' ] || break
  n=1
  while [ $n = 1 ]; do
    n=0; kill -STOP $t 2>/dev/null
    for e in /proc/[0-9]*; do
      p=\${e#/proc/}
      case $t in *" $p "*) continue;; esac
      s=; read -r s < "$e/stat"; s=\${s##*) }; set -- $s
      case $t in *" $2 "*) t="$t$p "; n=1;; esac
    done 2>/dev/null
  done
  kill -9 $t 2>/dev/null; i=$((i+1)); set -- $t; a=$((a+$#))
done
echo $a
[ $i -lt 50 ]`;
}

/** One word for the shell, whatever it contains. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
