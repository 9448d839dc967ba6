#!/usr/bin/env node
// Plain JavaScript that any Node since 12 can read: it finds a Node that runs the TypeScript sources, and gets out of the way.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const entry = join(root, "src", "cli", "hermes.ts");
// Compiled code, types already stripped: half of a start is compiling. Where nothing can be written, nothing is kept.
const codeCache = join(root, "node_modules", ".cache", "hermes-team", "code");
// A start allocates much and keeps little: without the first the young generation holds 50 MB for as long as the process is idle.
// The others are those of `leanWasm`, from the beginning: V8 takes compiled code only from a process of the same flags.
const engineFlags = ["--semi-space-growth-factor=1", "--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"];
// By then a start is over, also a very first one on a slow disk.
const startMs = 5_000;
// Type stripping is stable, and silent, since 24.12.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 12)) {
  await tuneEngine();
  const { runHermes } = await import(pathToFileURL(entry).href);
  await runHermes();
} else {
  runWith(join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node"));
}

/** Makes this process start fast and stay small. It must come before the first TypeScript: then the type stripper stays unloaded, too. */
async function tuneEngine() {
  const [{ enableCompileCache }, { default: v8 }, { runInNewContext }] = await Promise.all(
    ["node:module", "node:v8", "node:vm"].map((name) => import(name)),
  );
  for (const flag of engineFlags) v8.setFlagsFromString(flag);
  // Only now: its folder bears the flags, and a process of others can't put its code there in the place of ours.
  enableCompileCache(codeCache);
  // Measured: 10 MB of code that only a start runs, for a pause of 60 ms. From then on the young generation may grow with the work.
  setTimeout(() => {
    for (const flag of ["--expose-gc", "--stress-flush-code"]) v8.setFlagsFromString(flag);
    runInNewContext("gc")({ type: "major", flavor: "last-resort" });
    for (const flag of ["--no-stress-flush-code", "--semi-space-growth-factor=2"]) v8.setFlagsFromString(flag);
  }, startMs).unref();
}

function runWith(node) {
  if (!existsSync(node)) {
    console.error(`hermes: Node ${process.versions.node} is too old, and the newer one that belongs to Hermes is not installed.`);
    console.error(`        Run \`npm install\` in ${root} (with install scripts allowed), or use Node 24.12 or later.`);
    process.exitCode = 1;
    return;
  }
  const env = { NODE_COMPILE_CACHE: codeCache, ...process.env };
  const child = spawn(node, [...engineFlags, entry, ...process.argv.slice(2)], { stdio: "inherit", env });
  // A terminal's Ctrl-C reaches both processes; the child decides what comes of it.
  const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGCONT"];
  for (const signal of forwarded)
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
  child.on("error", (error) => {
    console.error(`hermes: ${node} can't be run: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    // As shells do: 128 and the signal's number.
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}
