import { spawn } from "node:child_process";
import { once } from "node:events";
import { modelServerWith, say } from "../test/doubles/model-server.ts";
import { freshHome, startHermes } from "../test/flow/service.ts";
import { type Row, times } from "./figures.ts";

const samples = 12;
const helpMs = 150;
const statusMs = 400;
const chatMs = 300;
/** The model begins at once and says little: its own part is below a millisecond. */
const answer = () => say("an answer of a few words", { pieces: 4 });

/** From the spawn of `hermes --help` and `hermes status` to their end. */
export const cli: Row = {
  name: "cli",
  title: "what a command takes, from its spawn to its end",
  async measure() {
    await using rig = await openService();
    return [
      times("hermes --help", await rig.run(["--help"]), helpMs),
      times("hermes status, a service running", await rig.run(["status"]), statusMs),
    ];
  },
};

/** From the spawn of `hermes chat -q` to its end, with a model that takes no time: what it adds to the model's own. */
export const chat: Row = {
  name: "chat",
  title: "hermes chat -q, beside a running service: what it adds to the model's own time",
  async measure() {
    await using rig = await openService();
    return [
      times("hermes chat -q", await rig.run(["chat", "-q", "hello"]), chatMs),
      times("hermes --toolsets terminal chat -q", await rig.run(["--toolsets", "terminal", "chat", "-q", "hello"]), chatMs),
    ];
  },
};

async function openService() {
  await using stack = new AsyncDisposableStack();
  const model = stack.use(await modelServerWith({ strict: false }, answer));
  const home = stack.use(await freshHome());
  const service = stack.use(startHermes({ mode: "start", home: home.path, env: { OPENAI_BASE_URL: model.url } }));
  await service.printed(/Open http/);
  const open = stack.move();
  return {
    /** The first is left out: it fills the caches that an installation has after its first day. */
    async run(args: readonly string[]): Promise<readonly number[]> {
      const taken: number[] = [];
      for (let number = 0; number <= samples; number += 1) taken.push(await timeOf(args, home.path));
      return taken.slice(1);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function timeOf(args: readonly string[], home: string): Promise<number> {
  const entry = new URL("../bin/hermes.mjs", import.meta.url).pathname;
  const began = performance.now();
  const child = spawn(process.execPath, [entry, ...args], {
    env: { PATH: process.env["PATH"], HERMES_HOME: home },
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`hermes ${args.join(" ")} ended with ${String(code)}`);
  return performance.now() - began;
}
