import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { hermes } from "../../src/cli/hermes.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { temporaryHome } from "./cli-config-rig.ts";
import { keys, openTerminal } from "../services/terminal.ts";
import { zshProgram } from "../services/zsh.ts";

const run = promisify(execFile);

suite("hermes completion", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hermes-completion-"));
    for (const shell of ["bash", "zsh"]) await writeFile(join(folder, shell), (await typed("completion", shell)).out);
    // The shell asks it for values; what it answers is tested on its own.
    const answer = `case "$3 $4" in "schedules "*) printf 'daily report\\ndeploys\\n' ;; "settings terminal.backend") printf 'auto\\ndocker\\n' ;; esac`;
    await writeFile(join(folder, "hermes"), `#!/bin/sh\n${answer}\n`);
    await chmod(join(folder, "hermes"), 0o755);
    await writeFile(join(folder, "a file"), "");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function typed(...args: readonly string[]) {
    return await typedAt(folder, ...args);
  }
  async function typedAt(home: string, ...args: readonly string[]) {
    const said = { out: "", err: "", status: 0 };
    const to = (part: "out" | "err") => ({ write: (text: string) => void (said[part] += text) });
    const streams = { env: { HERMES_HOME: home }, stdin: process.stdin, stdout: to("out"), stderr: to("err") };
    said.status = await hermes(args, streams);
    return said;
  }
  const env = () => ({ PATH: `${folder}:${process.env["PATH"]}`, HOME: folder });
  /** What bash offers for the last of these words. */
  const bash = async (...words: readonly string[]): Promise<readonly string[]> => {
    const script = `. ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hermes; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run("bash", ["-c", script, "bash", "hermes", ...words], { cwd: folder, env: env() });
    return stdout.split("\n").filter(Boolean);
  };
  test("bash is offered commands, their commands, options and values", async () => {
    assert.deepEqual(await bash("se"), ["setup", "sessions"]);
    assert.deepEqual(await bash("sessions", ""), ["list", "show", "rename", "export", "delete"]);
    assert.deepEqual(await bash("--toolsets", "terminal", "cr"), ["cron"]);
    assert.deepEqual(await bash("--toolsets", "termi"), ["terminal"]);
    assert.deepEqual(await bash("sessions", "list", "--l"), ["--limit"]);
    assert.deepEqual(await bash("sessions", "list", "--limit", ""), []);
    assert.deepEqual(await bash("logs", "--level", "=", "wa"), ["warn", "warning"]);
    assert.deepEqual(await bash("people", "role", "ann", "a"), ["admin"]);
    assert.deepEqual(await bash("cron", "pause", ""), ["daily\\ report", "deploys"]);
    assert.deepEqual(await bash("cron", "pause", "daily\\ r"), ["daily\\ report"]);
    assert.deepEqual(await bash("config", "set", "terminal.backend", ""), ["auto", "docker"]);
    assert.deepEqual(await bash("skills", "install", "a"), ["a file"]);
    assert.deepEqual(await bash("nothing", "like", "it"), []);
  });

  test("in zsh, with what each does, as somebody types", async (t) => {
    const zsh = openTerminal(t, zshProgram(), ["-f", "-i"], { cwd: folder, env: { ...env(), PS1: "> " } });
    zsh.type("autoload -Uz compinit; compinit -u -D; source ./zsh; clear; echo read''y\r");
    await zsh.until(/^ready\n>$/m);
    let line = 0;
    /** Types words with a Tab behind them, and clears the line when it has become that. */
    const becomes = async (words: string, whole: RegExp) => {
      zsh.type(`${words}${keys.tab}`);
      await zsh.until(whole);
      zsh.type(`${keys.ctrlC}clear; echo line''${(line += 1)}\r`);
      await zsh.until(new RegExp(`^line${line}\n>$`, "m"));
    };
    await becomes("hermes sessi", /> hermes sessions$/m);
    await becomes("hermes sessions ", /^rename +-- give one another title$/m);
    await becomes("hermes sessions list --li", /> hermes sessions list --limit$/m);
    await becomes("hermes people role ann a", /> hermes people role ann admin$/m);
    await becomes("hermes cron pause da", /> hermes cron pause daily\\ report$/m);
    await becomes("hermes config set terminal.backend d", /> hermes config set terminal\.backend docker$/m);
    await becomes("hermes logs --level=w", /> hermes logs --level=warn/m);
    await becomes("hermes skills install a", /> hermes skills install a\\ file$/m);
  });

  test("values are the configuration's, and a running service's; where none runs, none", async (t) => {
    const home = await temporaryHome(t);
    const values = async (...args: readonly string[]) => (await typedAt(home, "completion", "values", ...args)).out.split("\n");
    assert.ok((await values("keys")).includes("terminal.backend"));
    assert.ok((await values("sections")).includes("terminal"));
    assert.ok((await values("settings", "terminal.backend")).includes("docker"));
    assert.deepEqual(await values("settings", "approvals.nothing"), [""]);
    assert.deepEqual(await values("schedules"), [""]);
    const answers: Record<string, unknown> = {
      skills: { installed: [{ name: "k8s" }], available: [{ name: "git" }] },
      cron: [{ name: "daily" }],
      sessions: [{ id: "0123456789abcdef" }],
      people: [{ name: "Ann" }],
      "pairing.list": [{ code: "ABC" }],
    };
    const service = await serveControl(home, {
      handle: async ({ command }) => ({ ok: true, text: JSON.stringify(answers[command] ?? null) }),
    });
    t.after(() => service.close());
    const kinds = ["skills", "schedules", "sessions", "people", "codes"];
    assert.deepEqual(await Promise.all(kinds.map(async (kind) => (await values(kind)).join(" ").trim())), [
      "k8s git",
      "daily",
      "01234567",
      "Ann",
      "ABC",
    ]);
    assert.equal((await typedAt(home, "completion", "values", "nonsense")).status, 2);
  });
});
