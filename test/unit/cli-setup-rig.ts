import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { Command } from "commander";
import type { Context } from "../../src/cli/context.ts";
import { hermes } from "../../src/cli/hermes.ts";
import { leaving } from "../../src/cli/leaving.ts";
import { define } from "../../src/cli/setup.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";

/** Nothing of this machine: no engine, no model server on a usual port. */
const alone = { DOCKER_HOST: "unix:///nowhere/docker.sock", HERMES_MODEL_PROBE: "" };
export const code = "ABCDEFGH2345";

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly home: string;
  files(): Promise<Readonly<Record<string, string>>>;
}

/** A home with these files, and a service on it that lets nobody in yet, so that no record is opened. */
export async function homeWith(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
  owned: unknown = null,
): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-setup-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(home, name, ".."), { recursive: true });
    await writeFile(join(home, name), text);
  }
  const replies: Readonly<Record<string, string>> = { "pairing.owned": JSON.stringify(owned), "pairing.invite": code };
  const service = await serveControl(home, { handle: async ({ command }) => ({ ok: true, text: replies[command] ?? "" }) });
  t.after(async () => {
    await service.close();
    await rm(home, { recursive: true, force: true });
  });
  return home;
}

export async function filesOf(home: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(home, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const read = names.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(home.length + 1), await readFile(path, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** `hermes setup` with no terminal. */
export async function run(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  let [out, err] = ["", ""];
  const status = await hermes(["setup", ...args], {
    env: { ...alone, HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { status, out, err, home, files: () => filesOf(home) };
}

/** `hermes setup` with a person who answers each question by the first pattern it matches, each answer once; Enter otherwise. */
export async function asked(
  home: string,
  args: readonly string[],
  answers: readonly (readonly [RegExp, string])[],
  env = {},
  product: Context["product"] = () => assert.fail("the record is the service's"),
): Promise<Ran> {
  let [out, err, status] = ["", "", 0];
  const left = [...answers];
  const context: Context = {
    env: { ...alone, HERMES_HOME: home, ...env },
    home,
    print: (line) => void (out += `${line}\n`),
    remark: (line) => void (err += `${line}\n`),
    async ask(question) {
      out += `${question}\n`;
      const at = left.findIndex(([pattern]) => pattern.test(out.slice(-600)));
      const answer = at === -1 ? "" : (left.splice(at, 1)[0]?.[1] ?? "");
      if (answer === "ctrl-c") throw leaving();
      return answer;
    },
    exit: (code_) => void (status = code_),
    product,
  };
  const command = new Command("setup").exitOverride();
  define(command, context, process);
  await command.parseAsync([...args], { from: "user" }).catch(() => void (status = 1));
  return { status, out, err, home, files: () => filesOf(home) };
}
