/** Preloaded into a process (`--import`), it writes the files that were loaded to HERMES_TEST_LOADED when the process ends. */
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { isMainThread } from "node:worker_threads";

const target = process.env["HERMES_TEST_LOADED"];
// A thread's memory goes when it ends.
if (isMainThread && target !== undefined) {
  const loaded: string[] = [];
  registerHooks({
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  process.on("exit", () => writeFileSync(target, loaded.join("\n")));
}
