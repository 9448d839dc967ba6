import { setTimeout as sleep } from "node:timers/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { quantile, type Row, single, times } from "./figures.ts";
import { openRig, run } from "./sandbox-rig.ts";

const news = 12;
const warmUp = 10;
const samples = 200;
const atMostMs = 3;
const coldMs = 500;
const warmMs = 150;
/** Until the next one is ready. */
const betweenMs = 1_500;
/** What a command costs by itself there: a process that does nothing, started so often by one shell. */
const bareTimes = 20;
const bareLoop = `i=0; while [ $i -lt ${bareTimes} ]; do bash -c :; i=$((i+1)); done`;
const readBytes = 100 * 1024;
const readMs = 5;
const idlers = 50;
const idleMs = 20_000;
/** Each wakes a few times a minute to see whether it is still wanted. */
const idlePercent = 2;
const floodBytes = 100_000_000;
const grownMb = 60;
const stallMs = 50;

/** What the sandbox adds to a command: `:` itself takes no time. */
export const shell: Row = {
  name: "shell",
  title: "shell commands and files in the docker sandbox, over the command itself",
  async measure() {
    await using rig = await openRig(0);
    const sandbox = await rig.open("bench");
    await sandbox.writeFile("file", Buffer.alloc(readBytes, "0123456789 "));
    const commands: number[] = [];
    const reads: number[] = [];
    const bare: number[] = [];
    // Turn by turn, so that a busy moment of the machine meets both.
    for (let number = 0; number < warmUp + samples; number += 1) {
      commands.push(await timed(() => run(sandbox, ":")));
      reads.push(await timed(() => sandbox.readFile("file", readBytes)));
      if (number % bareTimes === 0) bare.push((await timed(() => run(sandbox, bareLoop))) / bareTimes);
    }
    return [
      times("one more command, all of it", commands.slice(warmUp), null),
      times("starting bash in there, without us", bare, null),
      single("one more command, over starting bash", quantile(commands.slice(warmUp), 0.5) - quantile(bare, 0.5), "ms", {
        atMost: atMostMs,
      }),
      times("read_file of 100 KB", reads.slice(warmUp), readMs),
    ];
  },
};

/** From nothing to the end of the first command, for chats that never had a sandbox. */
export const sandboxes: Row = {
  name: "sandbox",
  title: "a new docker sandbox, until its first command has ended",
  async measure() {
    return [
      times("sandbox cold", await firstCommands(0), coldMs, "none made ahead"),
      times("sandbox warm", await firstCommands(1), warmMs, "one made ahead"),
    ];
  },
};

/** What many of them cost while nobody uses them, theirs and ours. */
export const idle: Row = {
  name: "idle",
  title: `${idlers} docker sandboxes that nobody uses`,
  async measure() {
    await using rig = await openRig(0);
    for (let number = 0; number < idlers; number += 1) await run(await rig.open(`bench-${number}`), ":");
    const [before, ours] = [await rig.cpuNs(), process.cpuUsage()];
    const at = performance.now();
    await sleep(idleMs);
    const [after, mine] = [await rig.cpuNs(), process.cpuUsage(ours)];
    const took = performance.now() - at;
    const percent = (ms: number): number => (100 * ms) / took;
    return [
      single("CPU of the sandboxes together", percent((after - before) / 1e6), "% of a core", { atMost: idlePercent }),
      single("CPU of this process", percent((mine.user + mine.system) / 1000), "% of a core", { atMost: idlePercent }),
    ];
  },
};

/** A command that prints far more than anybody reads. */
export const flood: Row = {
  name: "flood",
  title: "a command that prints 100 MB",
  async measure() {
    await using rig = await openRig(0);
    const sandbox = await rig.open("bench");
    await run(sandbox, ":");
    const before = process.memoryUsage().rss;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10);
    delay.enable();
    const took = await timed(() => run(sandbox, `head -c ${floodBytes} /dev/zero | tr '\\0' a`));
    clearInterval(watch);
    delay.disable();
    return [
      single("memory it adds at most", (most - before) / 1e6, "MB", { atMost: grownMb }),
      single("pause of everybody else, p99", delay.percentile(99) / 1e6, "ms", { atMost: stallMs }),
      single("it takes", took, "ms", null),
    ];
  },
};

async function firstCommands(warm: number): Promise<readonly number[]> {
  await using rig = await openRig(warm);
  const taken: number[] = [];
  for (let number = 0; number < news; number += 1) {
    await sleep(betweenMs);
    taken.push(await timed(async () => run(await rig.open(`bench-${number}`), ":")));
  }
  return taken;
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await task();
  return performance.now() - at;
}
