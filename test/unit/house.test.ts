import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { text } from "node:stream/consumers";

const root = join(import.meta.dirname, "../..");
const configuration = [".oxlintrc.json", ".oxfmtrc.json", ".dependency-cruiser.mjs", "knip.json", "tsconfig.json"];

/** A small house in which nothing is wrong. */
const sound: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({
    type: "module",
    bin: { hermes: "bin/hermes.mjs" },
    dependencies: { zod: "*", yaml: "*", grammy: "*" },
    devDependencies: { "@types/node": "*" },
  }),
  "bin/hermes.mjs": `import "../src/main.ts";\n`,
  "src/main.ts": [
    `import { answer } from "../adapters/telegram/bot.ts";`,
    `import { load } from "./config/load.ts";`,
    ``,
    `export const started = [answer, load(""), load.name];`,
    ``,
  ].join("\n"),
  "src/core/limits.ts": `import { z } from "zod";\n\nexport const limit = z.number().parse(3);\n`,
  "src/config/load.ts": [
    `import { parse } from "yaml";`,
    `import { limit } from "../core/limits.ts";`,
    ``,
    `export function load(text: string): unknown {`,
    `  return [parse(text), limit];`,
    `}`,
    ``,
  ].join("\n"),
  "adapters/telegram/bot.ts": [
    `import { Bot } from "grammy";`,
    `import { limit } from "../../src/core/limits.ts";`,
    ``,
    `export const answer = () => new Bot(String(limit));`,
    ``,
  ].join("\n"),
  "test/unit/a.test.ts": [
    `import assert from "node:assert/strict";`,
    `import test from "node:test";`,
    `import { started } from "../../src/main.ts";`,
    ``,
    `test("it has started", async () => {`,
    `  await using nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };`,
    `  assert.ok(started.length > 0 && nothing);`,
    `});`,
    ``,
  ].join("\n"),
};

/** One file a rule, and what the check must say about it. */
const faults: readonly { readonly path: string; readonly lines: readonly string[]; readonly says: readonly RegExp[] }[] = [
  {
    path: "src/core/impure.ts",
    lines: [`import { readFile } from "node:fs/promises";`, `export { readFile };`],
    says: [/core: imports nothing but zod: src\/core\/impure\.ts/],
  },
  {
    path: "src/core/upward.ts",
    lines: [`import type { load } from "../config/load.ts";`, `export type Load = typeof load;`],
    says: [/core: imports nothing but zod: src\/core\/upward\.ts/],
  },
  {
    path: "src/store/up.ts",
    lines: [`import type { Ask } from "../agent/ask.ts";`, `export type Up = Ask;`, `export const json = JSON.stringify({});`],
    says: [
      /layers: src\/store imports only what stands below it: src\/store\/up\.ts/,
      /src\/store\/up\.ts:3: JSON goes into the record by jsonText/,
    ],
  },
  {
    path: "src/agent/ask.ts",
    lines: [`import { gate } from "../gateway/gate.ts";`, `export type Ask = typeof gate;`],
    says: [/layers: src\/agent imports only what stands below it: src\/agent\/ask\.ts/],
  },
  {
    path: "src/gateway/gate.ts",
    lines: [`import { answer } from "../../adapters/telegram/bot.ts";`, `export const gate = answer;`],
    says: [/sides: src knows neither adapters nor workers: src\/gateway\/gate\.ts/],
  },
  { path: "src/novel/place.ts", lines: [`export const place = 1;`], says: [] },
  {
    path: "src/insights/lost.ts",
    lines: [`import { place } from "../novel/place.ts";`, `export const lost = place;`],
    says: [/layers: every folder of src stands on a line: src\/insights\/lost\.ts/],
  },
  {
    path: "src/people/yaml.ts",
    lines: [`import type { Document } from "yaml";`, `export type Doc = Document;`],
    says: [/homes: yaml lives in src\/config: src\/people\/yaml\.ts/],
  },
  {
    path: "src/people/bot.ts",
    lines: [`import { type Bot } from "grammy";`, `export type B = Bot;`],
    says: [/homes: grammy lives in adapters\/telegram: src\/people\/bot\.ts/],
  },
  {
    path: "adapters/web/other.ts",
    lines: [`import { answer } from "../telegram/bot.ts";`, `export const other = answer;`],
    says: [/sides: a platform doesn't know another one: adapters\/web\/other\.ts/],
  },
  {
    path: "adapters/web/hand.ts",
    lines: [`import { turn } from "../../workers/turn.ts";`, `export const hand = turn;`],
    says: [/sides: adapters don't know workers: adapters\/web\/hand\.ts/],
  },
  {
    path: "workers/turn.ts",
    lines: [`import { answer } from "../adapters/telegram/bot.ts";`, `export const turn = answer;`],
    says: [/sides: workers know no platform, only what all of them share: workers\/turn\.ts/],
  },
  {
    path: "src/skills/one.ts",
    lines: [`import type { Two } from "./two.ts";`, `export interface One {`, `  readonly two: Two;`, `}`],
    says: [/imports: no circles: src\/skills\/(one|two)\.ts/, /import\(no-cycle\)/],
  },
  {
    path: "src/skills/two.ts",
    lines: [`import type { One } from "./one.ts";`, `export interface Two {`, `  readonly one: One;`, `}`],
    says: [],
  },
  {
    path: "src/memory/tested.ts",
    lines: [`import type { Fake } from "../../test/fake.ts";`, `export type Tested = Fake;`],
    says: [/sides: the product doesn't need its tests: src\/memory\/tested\.ts/],
  },
  { path: "test/fake.ts", lines: [`export type Fake = 1;`], says: [] },
  {
    path: "src/memory/gone.ts",
    lines: [`export { gone } from "./nowhere.ts";`],
    says: [/imports: resolve: src\/memory\/gone\.ts/, /TS2307/],
  },
  {
    path: "src/memory/loose.ts",
    lines: [`export const loose: any = 1 as any;`],
    says: [/no-explicit-any/, /loose\.ts:1: no any/],
  },
  {
    path: "src/memory/hush.ts",
    lines: [`// @ts-expect-error`, `export const hush: string = 1;`],
    says: [/ban-ts-comment/, /hush\.ts:1: no suppressions/],
  },
  {
    path: "src/memory/lint.ts",
    lines: [`// oxlint-disable-next-line no-var`, `export var lint = 1;`],
    says: [/lint\.ts:1: no suppressions/],
  },
  {
    path: "src/memory/late.ts",
    lines: [`export const late = () => import("./tested.ts");`],
    says: [/late\.ts:1: dynamic imports only in the registries/],
  },
  {
    path: "src/memory/float.ts",
    lines: [`export function float(save: () => Promise<void>): void {`, `  save();`, `}`],
    says: [/no-floating-promises/],
  },
  {
    path: "src/memory/bang.ts",
    lines: [`export const bang = (list: number[]): number => list[0]!;`],
    says: [/no-non-null-assertion/],
  },
  { path: "src/memory/plain.ts", lines: [`export default 1;`], says: [/no-default-export/] },
  { path: "src/memory/talk.ts", lines: [`export const talk = (): void => console.log("hi");`], says: [/no-console/] },
  { path: "src/memory/idle.ts", lines: [`const idle = 1;`, `export const busy = 2;`], says: [/no-unused-vars/, /TS6133/] },
  {
    path: "src/memory/cases.ts",
    lines: [`export function cases(side: "l" | "r"): void {`, `  switch (side) {`, `    case "l":`, `  }`, `}`],
    says: [/switch-exhaustiveness-check/],
  },
  { path: "src/memory/ugly.ts", lines: [`export   const ugly = 'x'`], says: [/src\/memory\/ugly\.ts \(\d+ms\)/] },
  {
    path: "src/memory/long.ts",
    lines: Array.from({ length: 360 }, (_, index) => `export const l${index} = ${index};`),
    says: [/eslint\(max-lines\)/, /long\.ts: 36\d lines, at most 350/],
  },
  {
    path: "src/memory/endless.ts",
    lines: [`export function endless(list: number[]): void {`, ...Array(90).fill(`  list.push(1);`), `}`],
    says: [/max-lines-per-function/],
  },
  {
    path: "src/memory/utils.ts",
    lines: [`export const u = 1;`],
    says: [/utils\.ts: a name that says nothing/, /Unused files[\s\S]*src\/memory\/utils\.ts/],
  },
  { path: "src/memory/BadName.ts", lines: [`export const b = 1;`], says: [/BadName\.ts: name files in kebab-case/] },
  {
    path: "src/config/more.ts",
    lines: [`export const unasked = 1;`, `export const asked = 2;`],
    says: [/Unused exports[\s\S]*unasked/],
  },
  {
    path: "src/config/load.ts",
    lines: [`import { asked } from "./more.ts";`, `export const load = (text: string): unknown => text + asked;`],
    says: [/Unused dependencies[\s\S]*yaml/],
  },
  {
    path: "test/unit/lone.test.ts",
    lines: [`import test from "node:test";`, `test.only("lone", () => {});`],
    says: [/lone\.test\.ts:2: no skipped or lone tests/],
  },
];

test("a sound house passes every part of the check", async (t) => {
  const { code, output } = await check(build(t, sound));
  assert.equal(code, 0, output);
});

test("each planted fault is found", async (t) => {
  const planted = Object.fromEntries(faults.map(({ path, lines }) => [path, `${lines.join("\n")}\n`]));
  const { code, output } = await check(build(t, { ...sound, ...planted }));
  assert.equal(code, 1);
  for (const { path, says } of faults)
    for (const pattern of says) assert.match(output, pattern, `${path} was not found\n${output}`);
});

test("the import rule fails when nothing was seen", async (t) => {
  const blind = `export default { forbidden: [], options: { parser: "swc", exclude: { path: ".*" } } };\n`;
  const { code, output } = await check(build(t, { ...sound, ".dependency-cruiser.mjs": blind }), "imports");
  assert.equal(code, 1);
  assert.match(output, /dependency-cruiser saw 0 modules, but there are 5 files/);
});

function build(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "hermes-test-house-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of configuration) cpSync(join(root, name), join(folder, name));
  linkModules(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** The real packages, but a cache of one's own beside them. */
function linkModules(folder: string): void {
  mkdirSync(join(folder, "node_modules"));
  const packages = readdirSync(join(root, "node_modules")).filter((name) => name !== ".cache");
  for (const name of packages) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
}

async function check(
  folder: string,
  ...parts: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [join(root, "test/check.ts"), ...parts], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
  return { code: await code, output };
}
