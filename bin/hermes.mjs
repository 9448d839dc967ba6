#!/usr/bin/env node
// Plain JavaScript that any Node since 12 can read: it finds a Node that runs the TypeScript sources, and gets out of the way.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const entry = join(root, "src", "cli", "hermes.ts");
// Type stripping is stable, and silent, since 24.12.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 12)) {
  const { runHermes } = await import(pathToFileURL(entry).href);
  await runHermes();
} else {
  runWith(join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node"));
}

function runWith(node) {
  if (!existsSync(node)) {
    console.error(`hermes: Node ${process.versions.node} is too old, and the newer one that belongs to Hermes is not installed.`);
    console.error(`        Run \`npm install\` in ${root} (with install scripts allowed), or use Node 24.12 or later.`);
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
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
