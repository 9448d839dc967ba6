import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Action, Policy } from "../../src/core/approval.ts";
import { inspect } from "../../src/sandbox/policy/inspect.ts";
import { judge } from "../../src/sandbox/policy/judge.ts";

const policy: Policy = { mode: "off", deny: [], allowances: [], network: "none", home: "/home/u/.hermes" };
const action: Action = {
  tool: "terminal",
  command: "",
  language: "shell",
  workdir: "/code/project",
  workspace: "/code/project",
  backend: "local",
  kind: "run",
  person: "p",
  role: "owner",
  session: "s",
  chat: "private",
  attended: true,
};

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const doubleQuote = (text: string): string => `"${text.replaceAll(/[\\"$`]/g, String.raw`\$&`)}"`;
let delimiters = 0;

/** Each hands a command on to be run in another way. */
const wrappings: readonly ((command: string) => string)[] = [
  (each) => `sh -c ${quote(each)}`,
  (each) => `bash -lc ${doubleQuote(each)}`,
  (each) => `eval ${quote(each)}`,
  (each) => `sudo -u root sh -c ${quote(each)}`,
  (each) => `env -i A=1 timeout -k 1 5 nohup bash -c ${quote(each)}`,
  (each) => `(${each}\n)`,
  (each) => `{ ${each}\n}`,
  (each) => `echo "$(${each}\n)"`,
  (each) => `if true; then ${each}\nfi`,
  (each) => `while read -r line; do ${each}\ndone < list`,
  (each) => `for i in 1 2; do ${each}\ndone`,
  (each) => `case $1 in a|b) ${each}\n;; *) true;; esac`,
  (each) => `work() { ${each}\n}; work`,
  (each) => `true && ${each}`,
  (each) => `ls | sort; ! ${each}`,
  (each) => `run=${quote(each)}; sh -c "$run"`,
  (each) => `echo ${Buffer.from(each).toString("base64")} | base64 -d | sh`,
  (each) => `echo ${Buffer.from(each).toString("hex")} | xxd -r -p | bash`,
  (each) => `printf '%s' ${quote(each)} | sh`,
  (each) => `bash <<< ${quote(each)}`,
  (each) => {
    delimiters += 1;
    return `sh <<'END${delimiters}'\n${each}\nEND${delimiters}\n`;
  },
  (each) => {
    delimiters += 1;
    return `cat > run.sh <<'END${delimiters}'\n${each}\nEND${delimiters}\nsh run.sh`;
  },
  (each) => `find . -name x -exec sh -c ${quote(each)} \\;`,
  (each) => `echo x | xargs -I{} sh -c ${quote(each)}`,
  (each) => `ssh host ${quote(each)}`,
  (each) => `trap ${quote(each)} EXIT`,
  (each) => `cat <(${each}\n)`,
  (each) => `bash -ce ${quote(each)}`,
  (each) => `bash -euo pipefail -co nounset ${quote(each)}`,
  (each) => `env -iS ${doubleQuote(`sh -c ${quote(each)}`)}`,
  (each) => `env -iu X sh -c ${quote(each)}`,
  (each) => `sudo -Eiu root -- sh -c ${quote(each)}`,
  (each) => `sudo --role x --type y sh -c ${quote(each)}`,
  (each) => `time -p sh -c ${quote(each)}`,
  (each) => `exec -ca x sh -c ${quote(each)}`,
  (each) => `nice --adjust 5 ionice --class 3 timeout --sig KILL 5 sh -c ${quote(each)}`,
  (each) => `chroot --userspec root / busybox sh -xc ${quote(each)}`,
  (each) => `su -lc${quote(each)} root`,
  (each) => `script -qec ${quote(each)} /dev/null`,
  (each) => `runuser -u root -- sh -c ${quote(each)}`,
  (each) => `ssh -tp 22 host -q ${quote(each)}`,
  (each) => `xargs --max-args 1 sh -c ${quote(each)} <<< x`,
  (each) => `xargs -r0I{} sh -c ${quote(each)} <<< x`,
  (each) => `parallel --jobs 2 ::: ${quote(each.replaceAll("\n", ";"))}`,
  (each) => `watch -x sh -c ${quote(each)}`,
  (each) => `find -L src -exec sh -c ${quote(each)} \\;`,
  (each) => `. /dev/stdin <<< ${quote(each)}`,
  (each) => `source -- /dev/fd/0 <<< ${quote(each)}`,
  (each) => `tar xf a.tar --to-comm ${quote(each)}`,
  (each) => `git -c alias.x=${quote(`!${each}`)} x`,
  (each) => `git submodule foreach ${quote(`sh -c ${quote(each)}`)}`,
  (each) => `GIT_PAGER=${quote(each)} git log`,
  (each) => `flock -nE 3 /tmp/lock sh -c ${quote(each)}`,
];

const wraps = fc.array(fc.constantFrom(...wrappings), { minLength: 0, maxLength: 5 });

/** A word written with another quoting for each letter. */
function disguised(word: string, ways: readonly number[]): string {
  return [...word]
    .map((letter, index) => {
      const hex = letter.charCodeAt(0).toString(16);
      return [letter, `\\${letter}`, `'${letter}'`, `"${letter}"`, `$'\\x${hex}'`, `''${letter}`, `""${letter}`, `\\\n${letter}`][
        (ways[index % ways.length] ?? 0) % 8
      ];
    })
    .join("");
}

function isFloor(command: string): boolean {
  return inspect(command, "shell", "/code/project", "/home/u/.hermes").findings.some(({ floor }) => floor);
}

test("quoting a command that never runs, letter by letter, keeps it found", () => {
  const ways = fc.array(fc.nat(7), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(ways, ways, ways, fc.constantFrom("/", "/etc", "/usr", "/*"), (a, b, c, target) => {
      assert(isFloor(`${disguised("rm", a)} ${disguised("-rf", b)} ${target === "/*" ? target : disguised(target, c)}`));
    }),
    { numRuns: 500 },
  );
});

test("wrapping a command that never runs, any number of times, keeps it found", () => {
  const commands = fc.constantFrom(
    "rm -rf /",
    "mkfs.ext4 /dev/sda",
    "dd if=/dev/zero of=/dev/sda",
    "kill -9 -1",
    ":(){ :|:& };:",
  );
  fc.assert(
    fc.property(commands, wraps, (command, all) => {
      const text = all.reduce<string>((each, wrap) => wrap(each), command);
      assert(isFloor(text), text);
      assert.equal(judge({ ...action, command: text }, policy).type, "refuse", text);
    }),
    { numRuns: 600 },
  );
});

test("wrapping a harmless command finds nothing that never runs", () => {
  fc.assert(
    fc.property(fc.constantFrom("ls -la", "echo 'rm -rf /'", "grep -r mkfs .", "rm -rf ./build"), wraps, (command, all) => {
      const text = all.reduce<string>((each, wrap) => wrap(each), command);
      assert(!isFloor(text), text);
    }),
    { numRuns: 500 },
  );
});

test("nothing makes the judge throw", () => {
  const pieces = fc.constantFrom(
    "rm ",
    "-rf ",
    "/",
    "$",
    "(",
    ")",
    "{",
    "}",
    "'",
    '"',
    "`",
    "\\",
    "\n",
    ";",
    "|",
    "&",
    "<",
    "<<",
    ">",
    "E",
    "$((",
    "${",
    "[[",
    "]]",
    "case ",
    " in ",
    "esac",
    "if ",
    "fi",
    "x=",
    "$x",
    "#",
    "*",
    "!",
    "sh -c ",
    "eval ",
    "find / -exec ",
    "python3 -c ",
    "\u0000",
    "\uFFFF",
    "\uD800",
    "😀",
    "a",
    " ",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(pieces, { maxLength: 40 }).map((each) => each.join("")),
  );
  const rest = fc.record({
    language: fc.constantFrom("shell" as const, "python" as const),
    kind: fc.constantFrom("run" as const, "write" as const, "send" as const, "call" as const),
    backend: fc.constantFrom("docker" as const, "ssh" as const, "local" as const, "virtual" as const),
    workdir: fc.string(),
  });
  fc.assert(
    fc.property(texts, rest, fc.array(fc.string()), (command, more, deny) => {
      judge({ ...action, ...more, command }, { ...policy, deny });
    }),
    { numRuns: 3_000 },
  );
});

test("time grows with the length and no faster, whatever the text", () => {
  const units = [
    "echo hi; ",
    "abc ",
    "'a'",
    "$(ls)",
    "(",
    "a\n",
    "`ls`",
    "a&&",
    "{a,",
    "a|",
    "${x",
    "$((",
    "<<a\n",
    '"$(',
    "`",
    "\\",
    "a=(",
    "[[ ",
    "case x in ",
    "((",
    "f() {",
    "$'\\x",
    "<(",
    "x=$x$x;",
    "$x",
    "{a,b}",
    "sh -c '",
    "eval ",
    "*",
    "f(){ f;};f;",
    "xargs ",
    "python3 -c '",
    "a=b ",
    ">x ",
    "rm ",
    "find . -exec ",
    "/",
    "../",
    "curl x|sh;",
    "echo a | base64 -d | sh;",
    "alias a=b;",
    "ssh h ",
    "numactl -a rm ",
    "bwrap --a b sudo --c d ",
    "xargs -a rm -b ",
    "watch -Z rm ",
    "parallel -Z rm ",
  ];
  // Quadratic work would take minutes of these; generous, for machines that do other things as well.
  assert.deepEqual(
    units.filter((unit) => took(unit, 60_000) > 4_000),
    [],
  );
  assert(took(`sed s${"a".repeat(9_000)}`, 1) < 4_000);
  for (const unit of ["{a,", "echo 'a b'; ", "x=$x$x;"]) assert(took(unit, 500_000) < 20_000, unit);
  // Words that come from elsewhere cost what written ones do.
  for (const unit of ["--a rm ", "sudo --a ", "numactl -m 0 "])
    assert(took(`xargs numactl <<< '${unit.repeat(8_000)}'`, 1) < 4_000, unit);
});

test("time grows with the length of a program and no faster, whatever is in it", () => {
  const units = ["'/a/b',", "open(", "open('/a/b', ", "open ", "socket ", "while ", "exec a ", "system('a b');", "qx{", "chr(1)"];
  const slow = units.filter((unit) => {
    const code = ("'/a/b',".repeat(2_000) + unit.repeat(60_000)).slice(0, 60_000);
    const began = performance.now();
    judge({ ...action, language: "python", command: code }, policy);
    return performance.now() - began > 4_000;
  });
  assert.deepEqual(slow, []);
});

test("words that braces make cost what written ones cost, so a short text can't take long", () => {
  const { findings } = inspect("{a,b}{c,d}{e,f}{g,h}{i,j}{k,l} ".repeat(1_500), "shell", "/code/project", "/home/u/.hermes");
  assert(findings.some((each) => each.class === "unparsable" && /too much/.test(each.what)));
  assert.deepEqual(inspect("cp {a,b}.{ts,js} {c,d}/", "shell", "/code/project", "/home/u/.hermes").findings, []);
});

/** Milliseconds of the processor. */
function took(unit: string, length: number): number {
  const command = unit.repeat(Math.ceil(length / unit.length));
  const began = process.cpuUsage(); // not the clock: others may use the machine
  judge({ ...action, command }, { ...policy, deny: ["*a*b*c*", "git push*"] });
  return process.cpuUsage(began).user / 1_000;
}
