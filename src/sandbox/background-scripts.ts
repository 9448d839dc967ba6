import type { Place } from "./machine.ts";
import { enterScript, processesDir, quoted } from "./shell-scripts.ts";

/**
 * What of background processes runs inside a sandbox. Each has a directory: its command, the pipe that is its stdin, what it has printed in
 * pieces that are named after where they begin, and how it ended. Nothing of it needs the host while it runs.
 */

/** Running and ended ones that are kept; with what each may print (`mostKept`) they must fit into a container's state directory. */
const mostProcesses = 16;
/** A piece is closed when it is as large as this, in bytes; what a process prints is written in the same moment, so a piece may be twice as large. */
const pieceBytes = 256 * 1024;
/** The first piece and so many of the last are kept. */
const lastPieces = 3;
/** Where a piece begins, as its name: so many digits, so that names sort like numbers. */
const digits = 15;

/** The command, where the session's commands are and with their environment. */
const goScript = (workspace: string): string => `
${enterScript(workspace)}
set --
. "\${0%/*}/command"
`;

/**
 * Runs the command and keeps what it prints. The shell that is started with this only makes the pipeline and is ended by its second half:
 * so both go on by themselves, and (unlike after \`&\`) the command can be interrupted by a key.
 */
const keepScript = (state: string): string => `
d=\${0%/*}; a=$1; W=$2; B=$3
{
  exec < /dev/null 2> /dev/null
  if [ -r /proc/self/stat ]; then
    read -r k s < /proc/self/stat; s=\${s##*) }; set -- $s; shift 19; echo "$k $1" > "$d/keeper"
  else sh -c 'echo "$PPID -"' > "$d/keeper"; fi
  sleep 2147483647 > "$d/in" &
  h=$!; echo $h > "$d/input"
  (HERMES_RUN=\${d##*/}; export HERMES_RUN
  if [ -n "$W" ]; then HERMES_AT=$a HERMES_IN=$d/env; export HERMES_AT HERMES_IN; on_terminal "$d/go"; else exec $B "$d/go" "$d/env" "$a"; fi) < "$d/in" 2>&1
  c=$?
  rm -f "$d/input"; kill -9 $h
  echo "$c $(date +%s)" > "$d/code.new"; mv -f "$d/code.new" "$d/code"
  true > ${quoted(`${state}/alive`)}
} | {
  kill -9 $$
  o=$d/out; i=0; z=0
  while :; do
    f=$o/$(printf '%0${digits}d' $i)
    dd bs=16384 count=16 >> "$f" 2> /dev/null || { cat > /dev/null; break; }
    n=$(wc -c < "$f"); n=$((n))
    [ $n -gt $z ] || break
    z=$n
    if [ $z -ge ${pieceBytes} ]; then
      i=$((i+z)); z=0
      set -- "$o"/*; shift
      while [ $# -gt ${lastPieces} ]; do rm -f "$1"; shift; done
    fi
  done
  true > "$d/done"
}
`;

/**
 * The functions of the long-lived shell for background processes; the answer is a marker's line as with the others. b: begin one. p: list all.
 * o: a part of what one has printed, of one piece at most. n: note how far it has been read. i: close its stdin. x: note that it is to be killed.
 */
export function backgroundScript(place: Place): string {
  return `${beginScript(place)}${lookScript}`;
}

function beginScript({ workspace, state }: Place): string {
  const alive = quoted(`${state}/alive`);
  return `
L=${quoted(`${state}/${processesDir}`)}
b() {
  true > ${alive}
  n=0; [ -z "$P" ] || read -r n < "$P"
  d=$L/$2; c=ok; a=0; W=
  mkdir -p "$L"
  for e in "$L"/*; do [ ! -d "$e" ] || a=$((a+1)); done
  for e in "$L"/*; do
    [ $a -ge ${mostProcesses} ] || break
    if ended "$e"; then rm -rf "$e"; a=$((a-1)); fi
  done
  if [ "$3" = 1 ]; then terminal_by; [ -n "$W" ] || c=terminal; fi
  if [ $c != ok ]; then true
  elif [ "$n" -gt "$M" ] || [ $a -ge ${mostProcesses} ]; then c=many
  elif ! mkdir "$d"; then c=taken
  else
    { mkdir "$d/out" && mkfifo "$d/in" && date +%s > "$d/began" && printf '%s\\n' "$5" > "$d/about" \\
      && printf '%s\\n' "$6" > "$d/command"; } || c=full
    [ ! -f "$IN" ] || cp "$IN" "$d/env" || c=full
    cat > "$d/go" <<'HERMES_SCRIPT' || c=full${goScript(workspace)}HERMES_SCRIPT
    cat > "$d/keep" <<'HERMES_SCRIPT' || c=full${terminalScript}${keepScript(state)}HERMES_SCRIPT
    [ $c != ok ] || { sh "$d/keep" "$4" "$W" "$B" > /dev/null < /dev/null; [ $? -gt 128 ] || c=full; } 2> /dev/null
  fi
  # It can be typed to, and is known to run, from the moment that this is answered.
  n=0; while [ $c = ok ] && [ ! -f "$d/input" ] && [ ! -f "$d/code" ] && [ $n -lt 200 ]; do n=$((n+1)); sleep 0.02; done
  [ $c != full ] || rm -rf "$d"
  printf '%s %s\\n' "$1" $c
}
ended() {
  [ ! -f "$1/done" ] || return 0
  [ -f "$1/keeper" ] || return 1
  read -r k e2 < "$1/keeper"; ! up "$k" "$e2"
}
up() {
  if [ "$2" = - ]; then kill -0 "$1" 2> /dev/null; return; fi
  [ -r "/proc/$1/stat" ] || return 1
  __t=$2; read -r __l < "/proc/$1/stat"; __l=\${__l##*) }; set -- $__l; shift 19; [ "$1" = "$__t" ]
}
`;
}

const lookScript = `
total() {
  z=0; for s in "$1"/out/*; do :; done
  if [ -f "$s" ]; then z=$(wc -c < "$s"); s=1\${s##*/}; z=$((s-1${"0".repeat(digits)}+z)); fi
}
p() {
  w=$(date +%s)
  for d in "$L"/*; do
    [ -f "$d/about" ] || continue
    a=; read -r a < "$d/about"; g=$w; read -r g < "$d/began"
    u=0; x=0; o=0; c=-; t=0; k=; e=
    if [ -f "$d/code" ]; then read -r c t < "$d/code"
    elif [ ! -f "$d/keeper" ]; then [ $((w-g)) -gt 5 ] || u=1
    else read -r k e < "$d/keeper"; up "$k" "$e" && u=1; fi
    [ ! -f "$d/killed" ] || x=1; [ ! -f "$d/done" ] || o=1
    total "$d"
    printf '%s %s %s %s %s %s %s %s %s\\n' "\${d##*/}" $u "$c" "$t" "$g" $z $x $o "$w"
    printf '%s\\n' "$a"
  done
  printf '%s ok\\n' "$1"
}
o() {
  d=$L/$2; f=$3; l=$4; c=missing; q=0; z=0
  if [ -f "$d/about" ]; then
    c=ok; total "$d"
    if [ "$f" = unread ]; then f=0; [ ! -f "$d/read" ] || read -r f < "$d/read"; fi
    [ "$f" -ge 0 ] || f=$((z+f)); [ "$f" -ge 0 ] || f=0
    q=$z
    for s in "$d"/out/*; do
      [ -f "$s" ] || continue
      e=$(wc -c < "$s"); h=1\${s##*/}; h=$((h-1${"0".repeat(digits)})); e=$((h+e))
      [ "$f" -lt $e ] || continue
      [ "$f" -ge $h ] || f=$h
      [ $((e-f)) -le "$l" ] || e=$((f+l))
      tail -c +$((f-h+1)) "$s" | head -c $((e-f)); q=$e
      break
    done
    [ "$f" -le $q ] || f=$q
  fi
  printf '%s %s %s %s %s\\n' "$1" $c "$f" $q $z
}
n() {
  c=missing; [ ! -f "$L/$2/about" ] || { echo "$3" > "$L/$2/read"; c=ok; }
  printf '%s %s\\n' "$1" $c
}
i() {
  d=$L/$2; c=missing
  if [ -f "$d/code" ]; then c=ended
  elif [ -f "$d/input" ]; then read -r h < "$d/input"; rm -f "$d/input"; kill -9 "$h" 2> /dev/null; c=ok
  elif [ -f "$d/about" ]; then c=closed; fi
  printf '%s %s\\n' "$1" $c
}
x() {
  c=missing
  if [ -f "$L/$2/about" ]; then c=ok; [ -f "$L/$2/code" ] || true > "$L/$2/killed"; fi
  printf '%s %s\\n' "$1" $c
}
`;

/** Gives a process keys, or text: run apart from the session's shell, since a process that reads nothing would hold that up. `$1`: its directory, `$2`: the text. */
export const sendScript = `
d=$1
if [ ! -f "$d/about" ]; then echo missing; exit; fi
if [ -f "$d/code" ]; then echo ended; exit; fi
if [ ! -f "$d/input" ]; then echo closed; exit; fi
k=; command -v timeout > /dev/null && k='timeout 5'
$k sh -c 'printf %s "$1" 1<> "$2"' sh "$2" "$d/in" && echo ok || echo stuck`;

/** A python3 that runs a command on a terminal, where there is no script(1). */
const pythonTerminal = `import os, pty; os._exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", os.environ["HERMES_TTY"]])) & 255)`;

/**
 * \`terminal_by\` says in W what can make a terminal here; \`on_terminal FILE\` runs a shell script on one. Its exit code comes through a
 * file, because not every script(1) hands it on. The person's own shell would first run what their start files say.
 */
export const terminalScript = `
terminal_by() {
  W=
  if SHELL=/bin/sh script -qfc true /dev/null < /dev/null > /dev/null 2>&1; then W=script
  elif command -v python3 > /dev/null; then W=python3; fi
}
on_terminal() {
  rm -f "$1.code"
  HERMES_TTY='trap : INT QUIT; SHELL=$HERMES_SHELL; stty rows 40 cols 120; "$HERMES_SH" "$HERMES_GO" "$HERMES_IN" "$HERMES_AT" "\${HERMES_OUT-}" "\${HERMES_ACK-}"; echo $? > "$HERMES_GO.code"'
  HERMES_SH=$B HERMES_GO=$1 HERMES_SHELL=\${SHELL-/bin/sh}; export HERMES_TTY HERMES_SH HERMES_GO HERMES_SHELL
  if [ "$W" = script ]; then SHELL=/bin/sh script -qfc 'exec sh -c "$HERMES_TTY"' /dev/null; else python3 -c ${quoted(pythonTerminal)}; fi
  __c=137; [ ! -f "$1.code" ] || read -r __c < "$1.code"
  return "$__c"
}`;
