import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../bin/hermes.mjs", import.meta.url));
/** Makes this Node say that it is an old one. */
const pretendOld = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})`;

/** The launcher in a package of its own, with or without its Node. */
async function packageWith(t: TestContext, program: string, node: boolean): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "hermes-launcher-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const directory of ["bin", "src/cli", ...(node ? ["node_modules/node/bin"] : [])])
    await mkdir(join(root, directory), { recursive: true });
  await copyFile(launcher, join(root, "bin/hermes.mjs"));
  await writeFile(join(root, "src/cli/hermes.ts"), program);
  if (node) await symlink(process.execPath, join(root, "node_modules/node/bin/node"));
  return join(root, "bin/hermes.mjs");
}

function launch(t: TestContext, file: string, args: readonly string[], old = true, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [...(old ? ["--import", pretendOld] : []), file, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk) => (out += String(chunk)));
  child.stderr?.on("data", (chunk) => (err += String(chunk)));
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, out, err };
}

test("under an old Node it runs the package's own, with the arguments, and gives its exit code", async (t) => {
  const file = await packageWith(
    t,
    "const args: string[] = process.argv.slice(2); console.log(args.join('|')); process.exit(42);",
    true,
  );
  assert.deepEqual(await ended(launch(t, file, ["a b", "--c"])), { code: 42, out: "a b|--c\n", err: "" });
});

test("signals go through, and the child decides", async (t) => {
  const file = await packageWith(
    t,
    "setInterval(() => {}, 1e6); process.on('SIGTERM', () => process.exit(7)); console.log('up');",
    true,
  );
  const child = launch(t, file, []);
  const end = ended(child);
  if (child.stdout) await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.equal((await end).code, 7);
});

test("a child that a signal ends gives 128 and the signal's number", async (t) => {
  const file = await packageWith(t, "process.kill(process.pid, 'SIGKILL');", true);
  assert.equal((await ended(launch(t, file, []))).code, 137);
});

test("without the node package it says what to do", async (t) => {
  const { code, err } = await ended(launch(t, await packageWith(t, "", false), []));
  assert.equal(code, 1);
  assert.match(err, /^hermes: Node 20\.20\.2 is too old.*\n {8}Run `npm install` in \//);
});

test("under a new Node it runs in the same process", async (t) => {
  assert.match((await ended(launch(t, launcher, ["--version"], false))).out, /^\d+\.\d+\.\d+\n$/);
});

test("compiled code is taken from an earlier start, whatever other processes put beside it", async (t) => {
  const file = await packageWith(t, "export async function runHermes(): Promise<void> { console.log(String(1)); }", false);
  const cache = join(file, "../../node_modules/.cache/hermes-team/code");
  const launched = async () => (await ended(launch(t, file, [], false, { NODE_DEBUG_NATIVE: "COMPILE_CACHE" }))).err;
  await launched();
  // A test, or whoever else keeps compiled code in the same place.
  await ended(launch(t, join(file, "../../src/cli/hermes.ts"), [], false, { NODE_COMPILE_CACHE: cache }));
  const told = await launched();
  assert.match(told, /code cache for ESM \S+hermes\.ts was accepted/);
  assert.doesNotMatch(told, /was rejected/);
});

test("a reader that goes away is no error", async (t) => {
  const child = launch(t, launcher, ["config", "show"], false);
  child.stdout?.destroy();
  const { code, err } = await ended(child);
  assert.deepEqual([code, err], [0, ""]);
});

test("a chat begins without the table of keys and what that loads, also where sets of tools are named", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "hermes-launcher-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const recorder = new URL("../flow/load-recorder.ts", import.meta.url).href;
  const env = { HERMES_HOME: home, HERMES_TEST_LOADED: join(home, "loaded"), NODE_OPTIONS: `--import=${recorder}` };
  const { code, err } = await ended(launch(t, launcher, ["chat", "--toolsets", "terminal,file"], false, env));
  assert.deepEqual([code, /there is no terminal/.test(err)], [2, true], err);
  const loaded = await readFile(join(home, "loaded"), "utf8");
  assert.match(loaded, /cli\/toolsets\.ts/);
  assert.doesNotMatch(loaded, /node_modules\/zod\/|config\/keys\.ts/);
});
