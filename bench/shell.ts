import { setTimeout as sleep } from "node:timers/promises";
import { openSandboxes } from "../src/sandbox/index.ts";
import { freshHome } from "../test/flow/service.ts";
import { debianImage, openDocker } from "../test/services/docker.ts";
import { type Row, single, times } from "./figures.ts";

const warmUp = 10;
const samples = 200;
const atMostMs = 3;
const quiet = () => undefined;

/** What the sandbox adds to a command: `:` itself takes no time. */
export const shell: Row = {
  name: "shell",
  title: "shell command in the docker sandbox, over the command itself",
  async measure() {
    await using engine = await openDocker(process.env["DOCKER_HOST"]);
    await using home = await freshHome();
    const backend = await openSandboxes("docker", {
      image: debianImage,
      cpus: 1,
      memoryMb: 256,
      pids: 64,
      diskMb: 256,
      network: "none",
      networkAllow: [],
      warm: 0,
      workdir: null,
      ssh: null,
      envPassthrough: [],
      lifetimeMs: 0,
      dockerHost: engine.host,
      home: home.path,
      directory: home.path,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const began = performance.now();
    const sandbox = await backend.open({ key: "bench", label: "bench" }, "bench");
    const run = async () => {
      const at = performance.now();
      const { exitCode } = await sandbox.run(":", { timeoutMs: 10_000, signal: new AbortController().signal });
      if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}`);
      return performance.now() - at;
    };
    await run();
    const opened = performance.now() - began;
    const taken: number[] = [];
    for (let number = 0; number < warmUp + samples; number += 1) taken.push(await run());
    await sleep(1);
    await backend.reap();
    await backend.close();
    return [
      times("one more command", taken.slice(warmUp), atMostMs),
      single("a new sandbox with its first command", opened, "ms", null),
    ];
  },
};
