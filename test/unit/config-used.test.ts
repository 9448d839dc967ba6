import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { test } from "node:test";
import { keyOf, type KeyPath, keyPaths } from "../../src/config/keys.ts";
import { auxiliaryTasks } from "../../src/core/model.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The product's files without their comments, but for the table of keys and what reads files into it. */
async function product(): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const file of glob("{src,adapters,workers,bin}/**/*.{ts,mjs}", { cwd: root })) {
    if (file.startsWith("src/config/") && file !== "src/config/provider-names.ts") continue;
    texts.push((await readFile(`${root}${file}`, "utf8")).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, ""));
  }
  assert.ok(texts.length > 200);
  return texts;
}

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const word = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

/** Whether one file reads the key: its section and its name (`agent.maxTurns`, or taken out of braces), or its variable. */
function reads(text: string, path: KeyPath): boolean {
  const names = path.split(".").map(camel);
  const { env } = keyOf(path);
  return names.slice(-2).every((name) => word(text, name)) || (env !== undefined && word(text, env));
}

/** A side job's keys are read for all jobs at one place, by the name of the job. */
const job = (path: KeyPath) => auxiliaryTasks.find((task) => path.startsWith(`auxiliary.${task}.`)) ?? null;

test("every documented key is read by the product", async () => {
  const texts = await product();
  const own = keyPaths.filter((path) => job(path) === null);
  assert.ok(own.length > 70);
  assert.deepEqual(
    own.filter((path) => !texts.some((text) => reads(text, path))),
    [],
  );
});

test("every side job asks for its model, and every field of its section is read", async () => {
  const texts = await product();
  const idle = auxiliaryTasks.filter((task) => !texts.some((text) => text.includes(`.auxiliary("${task}")`)));
  assert.deepEqual(idle, [], "nobody asks for these jobs' models");
  const atOnce = texts.filter((text) => text.includes("auxiliaryOf("));
  const unread = keyPaths.filter((path) => {
    const [task, field] = [job(path), camel(path.split(".").at(-1) ?? "")];
    if (task === null) return false;
    return !atOnce.some((text) => word(text, field)) && !texts.some((text) => word(text, camel(task)) && word(text, field));
  });
  assert.deepEqual(unread, []);
});
