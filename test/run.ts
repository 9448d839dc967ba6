/**
 * `npm test`: finds, starts or installs the real Redis, Postgres, Docker and Chromium that the tests need, runs them, and stops what it
 * started. `node test/run.ts FILE…` runs only those files; `--hold` starts everything, prints where it is, and waits for Ctrl-C.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inCompany } from "./services/company.ts";
import { everything, needsOf } from "./services/needs.ts";
import { prepare } from "./services/prepare.ts";
import { announce, since } from "./services/processes.ts";
import { warmUp } from "./services/warm-up.ts";

/** More than there are cores: much of what is tested is waiting. Those that wait for containers are spread, so that few run at once. */
const filesAtOnce = Math.min(availableParallelism() + 1, 9);
/** No test takes so long unless it hangs. */
const testTimeoutMs = 120_000;
/** The whole suite takes six to seven minutes on two quiet cores; what still runs after twice as long hangs, and is named and ended. */
const suiteTimeoutMs = 1_200_000;
/** Variables of the real world that no test may see: keys, tokens, addresses, and this user's home of Hermes. */
const real =
  /^(OPENAI|ANTHROPIC|OPENROUTER|TELEGRAM|DISCORD|SLACK|REDIS|DATABASE|PG|DOCKER|HERMES|GATEWAY|LLM|MODEL)(_|[A-Z])|_(TOKEN|API_KEY|SECRET)$/;

/** The product's own. */
const codeCache = resolve(import.meta.dirname, "../node_modules/.cache/hermes-team/code");

/** What `leanWasm` sets in those tests that open an embedded record: V8 takes compiled code only from a process of the same flags. */
const engineFlags = ["--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"];

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const start = Date.now();
  const root = resolve(import.meta.dirname, "..");
  const hold = args.includes("--hold");
  const files = args.filter((arg) => !arg.startsWith("-"));
  const chosen = files.length > 0 ? files.map((file) => resolve(file)) : globSync(join(root, "test/**/*.test.ts")).toSorted();
  const dockerHost = process.env["DOCKER_HOST"];
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort(signal));
  try {
    const [started] = await Promise.all([
      prepare(files.length > 0 ? needsOf(chosen) : everything, dockerHost),
      files.length > 0 ? null : warmUp(),
    ]);
    await using services = started;
    if (hold) return await held(services.env, stop.signal);
    announce(`${chosen.length} files; everything ready after ${since(start)}`);
    return await runTests(chosen, { ...withoutTheRealWorld(process.env), ...services.env }, args.filter(isFlag), stop.signal);
  } catch (thrown) {
    announce(thrown instanceof Error ? thrown.message : String(thrown));
    return 1;
  } finally {
    announce(`total ${since(start)}`);
  }
}

async function runTests(
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "hermes-test-home-"));
  const how = [
    ...engineFlags,
    "--test",
    `--test-concurrency=${filesAtOnce}`,
    `--test-timeout=${testTimeoutMs}`,
    // A file whose tests have all ended is over, whatever a library still holds.
    "--test-force-exit",
    "--test-reporter=spec",
    ...flags,
  ];
  const folder = mkdtempSync(join(tmpdir(), "hermes-test-programs-"));
  const programs = files.length > 1 ? inCompany(files, folder) : files;
  const child = spawn(process.execPath, [...how, ...programs], {
    // Types are stripped and code is compiled once for all test files.
    env: { NODE_COMPILE_CACHE: codeCache, ...env, HERMES_HOME: home },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const interrupt = (): void => void child.kill("SIGTERM"); // node names the files that were still running
  const overdue = setTimeout(() => {
    announce(`still running after ${suiteTimeoutMs / 1000} s: something hangs`);
    interrupt();
  }, suiteTimeoutMs);
  signal.addEventListener("abort", interrupt);
  if (signal.aborted) interrupt();
  try {
    const [code]: unknown[] = await once(child, "exit");
    return typeof code === "number" && !signal.aborted ? code : 1;
  } finally {
    clearTimeout(overdue);
    for (const made of [home, folder]) rmSync(made, { recursive: true, force: true });
  }
}

async function held(env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number> {
  for (const [name, value] of Object.entries(env)) process.stdout.write(`export ${name}=${value}\n`);
  const alive = setInterval(() => {}, 60_000);
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(alive);
  return 0;
}

function withoutTheRealWorld(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !real.test(name)));
}

function isFlag(arg: string): boolean {
  return arg.startsWith("--test-");
}
