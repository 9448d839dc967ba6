import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Machine, SpawnWish } from "../../src/sandbox/machine.ts";
import { attach } from "../../src/sandbox/shell-attach.ts";
import { keeperScript, stateDir } from "../../src/sandbox/shell-scripts.ts";

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "hermes-keeper-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** How many seconds a container with this state would stay up without a command: its sleeps only count. */
function staysUp(state: string, lifetime: number, most: number): number {
  const counting = `total=0; sleep() { total=$((total+$1)); [ $total -lt ${most} ] || { echo $total; exit 0; }; }; trap 'echo $total' EXIT`;
  const script = `${counting}\n${keeperScript(lifetime).replaceAll(stateDir, state)}`;
  return Number(execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\n")[0]);
}

test(
  "a container stays up while a program with pipes of its own is there, and not for one that was killed",
  { timeout: 20_000 },
  (t) => {
    const state = folder(t);
    const idle = staysUp(state, 60, 2_000);
    assert.ok(idle >= 60 && idle < 120, String(idle));
    for (const [name, pid] of [
      ["attached-a", process.pid],
      ["attached-b", 2 ** 30],
    ] as const) {
      mkdirSync(join(state, name));
      writeFileSync(join(state, name, "busy"), `1 ${pid}\n`);
    }
    assert.ok(staysUp(state, 60, 2_000) >= 2_000);
    assert.ok(!existsSync(join(state, "attached-b")), "what a killed program has left is tidied up");
    rmSync(join(state, "attached-a"), { recursive: true });
    assert.equal(staysUp(state, 60, 2_000), idle);
  },
);

test("talking to a program counts as use of its machine, once an hour; each program says for itself that it is there", async (t) => {
  const state = folder(t);
  t.mock.timers.enable({ apis: ["Date"] });
  const spawned: string[] = [];
  const ends: SpawnWish[] = [];
  const machine: Machine = {
    owner: "ann",
    place: { workspace: state, state },
    mostProcesses: 100,
    killedNote: "",
    ensure: () => Promise.resolve(),
    spawn: (argv, wish) => {
      spawned.push(argv.join(" "));
      ends.push(wish);
      return Promise.resolve({ write: () => undefined, end: () => undefined, destroy: () => undefined });
    },
    restart: () => Promise.resolve(),
    whyStopped: () => Promise.resolve(null),
    failure: (thrown) => thrown,
  };
  const wish = { signal: new AbortController().signal, onOutput: () => undefined, onError: () => undefined };
  const program = await attach(machine, "s1", "cat", wish);
  await attach(machine, "s1", "cat", wish);
  const [first, second] = spawned.map((each) => /attached-\w+/.exec(each)?.[0]);
  assert.ok(first !== undefined && first !== second);
  program.write("x");
  assert.equal(spawned.length, 2);
  t.mock.timers.tick(61 * 60_000);
  program.write("x");
  program.write("x");
  assert.deepEqual(spawned.slice(2), [`sh -c true > '${state}/alive'`]);
  for (const each of ends) each.onEnd();
  assert.equal(await program.ended, null);
});
