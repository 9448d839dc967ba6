import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, readdir, readlink, rm, stat, symlink, watch, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { edit } from "../../src/cli/config/edit.ts";
import type { Context } from "../../src/cli/context.ts";
import { applyMigration, migrated } from "../../src/config/migrate.ts";
import { loadConfig } from "../../src/config/load.ts";
import { setKey } from "../../src/config/set.ts";
import { config, type Said, temporaryHome, written } from "./cli-config-rig.ts";

const root = new URL("../../", import.meta.url);

suite("the files stay whole", () => {
  const keys = ["agent.max_turns", "agent.drain_timeout", "terminal.timeout", "approvals.timeout", "cron.max_schedules"];

  test("changes by two processes at once lose nothing", async (t) => {
    const home = await temporaryHome(t);
    const url = new URL("src/config/set.ts", root).href;
    const script = `import { setKey } from ${JSON.stringify(url)};
      process.stdout.write("here");
      for (const name of ["A","B","C","D"]) await setKey(${JSON.stringify(home)}, "providers." + name + ".base_url", "http://h/v1");`;
    const other = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(other, "close");
    await once(other.stdout, "data");
    await Promise.all([
      ...keys.map((name) => setKey(home, name, "44")),
      setKey(home, "OPENAI_API_KEY", "k1"),
      setKey(home, "TELEGRAM_BOT_TOKEN", "k2"),
      setKey(home, "DEEPSEEK_API_KEY", "k3"),
    ]);
    assert.deepEqual(await ended, [0, null]);
    const { config: now, origins } = await loadConfig({ home, env: {} });
    for (const name of [...keys, "model.api_key", "telegram.bot_token"] as const)
      assert.notEqual(Object.entries(origins).find(([path]) => path === name)?.[1], "default", name);
    assert.deepEqual(
      now.providers.map(({ name }) => name).filter((name) => name.length === 1),
      ["A", "B", "C", "D"],
    );
    assert.deepEqual((await readdir(home)).toSorted(), [".env", "config.yaml"]);
  });

  test("the lock of a killed process is no lock", async (t) => {
    const home = await temporaryHome(t);
    const gone = spawn("true");
    await once(gone, "close");
    await writeFile(join(home, "config.yaml.lock"), `${gone.pid} ${hostname()} x`);
    await Promise.all(keys.map((name) => setKey(home, name, "45")));
    assert.equal((await written(home)).match(/45/g)?.length, keys.length);
    assert.deepEqual(await readdir(home), ["config.yaml"]);
  });

  test("a full disk leaves the old file, and says so", async (t) => {
    const home = await temporaryHome(t);
    await writeFile(join(home, "config.yaml"), "agent: {max_turns: 7} # mine\n");
    const entry = new URL("src/cli/hermes.ts", root).pathname;
    // No file may grow by a byte: what a full disk does, for everybody who may run tests.
    const full = spawn(
      "sh",
      ["-c", `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`, process.execPath, entry, "config", "set", "agent.max_turns", "8"],
      {
        env: { HERMES_HOME: home, NODE_DISABLE_COMPILE_CACHE: "1" },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let said = "";
    full.stderr.on("data", (part: Buffer) => (said += part.toString()));
    const [status] = await once(full, "close");
    assert.equal(status, 78, said);
    assert.match(said, /config\.yaml can't be written \(.*\); it is unchanged\.\n.*its disk has room/);
    assert.equal(await written(home), "agent: {max_turns: 7} # mine\n");
    assert.deepEqual(await readdir(home), ["config.yaml"]);
  });

  test("a disk that is full puts back what was in a file that can't be replaced", async (t) => {
    const file = join(await temporaryHome(t), "config.yaml");
    await writeFile(file, "# mine\n");
    const url = new URL("src/config/overwrite.ts", root).href;
    const script = `import { overwrite } from ${JSON.stringify(url)};
      await overwrite(${JSON.stringify(file)}, "x".repeat(5_000)).catch(({ code }) => process.exit(code === "EFBIG" ? 7 : 1));`;
    const run = `trap '' XFSZ; ulimit -f 1; exec "$0" --input-type=module -e "$1"`;
    const full = spawn("sh", ["-c", run, process.execPath, script], {
      env: { NODE_DISABLE_COMPILE_CACHE: "1" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    assert.deepEqual(await once(full, "close"), [7, null]);
    assert.equal(await readFile(file, "utf8"), "# mine\n");
  });

  test("mode and links are kept, .env is nobody else's", async (t) => {
    const home = await temporaryHome(t);
    await mkdir(join(home, "dotfiles"));
    await writeFile(join(home, "config.yaml"), "# mine\n", { mode: 0o640 });
    await chmod(join(home, "config.yaml"), 0o640);
    await writeFile(join(home, ".env"), "A=1\n");
    await chmod(join(home, ".env"), 0o644);
    await setKey(home, "agent.max_turns", "9");
    await setKey(home, "OPENAI_API_KEY", "k");
    const modeOf = async (name: string): Promise<number> => (await stat(join(home, name))).mode & 0o777;
    assert.deepEqual([await modeOf("config.yaml"), await modeOf(".env")], [0o640, 0o600]);
    await rm(join(home, "config.yaml"));
    await symlink("dotfiles/hermes.yaml", join(home, "config.yaml"));
    await setKey(home, "agent.max_turns", "9");
    assert.equal(await readlink(join(home, "config.yaml")), "dotfiles/hermes.yaml");
    assert.equal(await readFile(join(home, "dotfiles/hermes.yaml"), "utf8"), "agent:\n  max_turns: 9\n");
    await writeFile(join(home, "dotfiles/hermes.env"), "A=1\n");
    await chmod(join(home, "dotfiles/hermes.env"), 0o644);
    await rm(join(home, ".env"));
    await symlink("dotfiles/hermes.env", join(home, ".env"));
    await setKey(home, "OPENAI_API_KEY", "k");
    assert.deepEqual([await readlink(join(home, ".env")), await modeOf("dotfiles/hermes.env")], ["dotfiles/hermes.env", 0o600]);
  });

  test("a home that can't be written is told of in a line", async (t) => {
    const home = await temporaryHome(t);
    await writeFile(join(home, "file"), "");
    const { status, err } = await config(join(home, "file"), ["set", "agent.max_turns", "9"]);
    assert.equal(status, 78);
    assert.match(err, /no directory, ENOTDIR/);
    const edited = await config(join(home, "file"), ["edit"], { EDITOR: "true" });
    assert.deepEqual([edited.status, /can't be (?:read|written) \(.*ENOTDIR|EEXIST\)/.test(edited.err)], [78, true], edited.err);
    assert.doesNotMatch(err, /\n\s+at /);
  });
});

suite("hermes config edit", () => {
  const start = "agent:\n  max_turns: 7 # mine\n";
  async function edited(
    t: TestContext,
    editor: string,
  ): Promise<Said & { readonly home: string; readonly names: readonly string[] }> {
    const home = await temporaryHome(t);
    await writeFile(join(home, "config.yaml"), start);
    const said = await config(home, ["edit"], { VISUAL: "", EDITOR: editor });
    return { ...said, home, names: (await readdir(home)).toSorted() };
  }

  test("what can be used is put in place; nothing changed is nothing done", async (t) => {
    const well = await edited(t, "sed -i s/7/8/");
    assert.deepEqual([well.status, await written(well.home), well.names], [0, start.replace("7", "8"), ["config.yaml"]]);
    assert.match(well.out, /config\.yaml is changed\.\n {2}agent\.max_turns: It counts from the next message on\.\n$/);
    const slip = await edited(t, "sed -i s/max_turns/max_trns/");
    assert.deepEqual([slip.status, /^warning .*Did you mean agent\.max_turns\?/.test(slip.err)], [0, true], slip.err);
    const same = await edited(t, "true");
    assert.deepEqual([same.status, same.out, same.names], [0, "Nothing was changed.\n", ["config.yaml"]]);
  });

  test("what is broken never comes into force, and is not lost", async (t) => {
    for (const change of ["s/7/[/", "s/7/many/"]) {
      const { status, err, out, home, names } = await edited(t, `sed -i ${change}`);
      assert.equal(status, 1);
      assert.match(err, /^error {2}.*Mend line|^error {2}.*Expected a whole number/);
      assert.equal(await written(home), start);
      assert.match(out, /is as it was; what you wrote is in .*config\.edit-/);
      assert.match(names.join(" "), /^config\.edit-\w+\.yaml config\.yaml$/);
    }
  });

  test("at a terminal one may go back in, keep the draft, or drop it", async (t) => {
    const home = await temporaryHome(t);
    await writeFile(join(home, "config.yaml"), start);
    // Breaks it the first time and mends it the second.
    const editor = `sed -i -e 's/ 7 / [ /;t' -e 's/ \\[ / 9 /'`;
    const asked: string[] = [];
    const session = (answers: readonly string[], env = editor): Context => ({
      env: { PATH: process.env["PATH"], EDITOR: env },
      home,
      print: () => {},
      remark: () => {},
      ask: async (question) => answers[asked.push(question) - 1] ?? "",
      exit: () => {},
      product: () => Promise.reject(new Error("not asked for here")),
    });
    await edit(session([""]));
    assert.match(asked.join(), /^Back to the editor, keep this as a draft, or drop it\? \[E\/k\/d\] $/);
    assert.deepEqual([await written(home), await readdir(home)], [start.replace("7", "9"), ["config.yaml"]]);
    asked.length = 0;
    const remarks: string[] = [];
    await assert.rejects(
      edit({
        ...session([], "sed -i 's/ 9 / [ /'"),
        ask: () => Promise.reject(new Error("left")),
        remark: (line) => void remarks.push(line),
      }),
      /left/,
    );
    const [mine = ""] = (await readdir(home)).filter((name) => name.includes("edit-"));
    assert.equal(remarks.at(-1), `What you wrote is in ${join(home, mine)}.`);
    await rm(join(home, mine));
    await edit(session(["d"], "sed -i 's/ 9 / [ /'"));
    assert.deepEqual([await written(home), await readdir(home)], [start.replace("7", "9"), ["config.yaml"]]);
  });

  test("an editor that is not there, or gives up, changes nothing; neither does one who was overtaken", async (t) => {
    const missing = await edited(t, "no-such-editor-at-all");
    assert.match(missing.err, /the editor `no-such-editor-at-all` ended with status 127; nothing was changed\.\n.*EDITOR=nano/);
    assert.deepEqual([missing.status, await written(missing.home), missing.names], [78, start, ["config.yaml"]]);
    for (const ends of ["false", "kill -HUP $$;"]) {
      const lost = await edited(t, `sed -i s/7/8/ "$1"; ${ends}`);
      assert.match(lost.err, /^What you wrote is in .*config\.edit-\w+\.yaml\.\nhermes: the editor .*; nothing was changed\./);
      assert.equal(await readFile(join(lost.home, lost.names[0] ?? ""), "utf8"), start.replace("7", "8"));
    }
    const home = await temporaryHome(t);
    const late = await config(home, ["edit"], {
      EDITOR: `echo 'http: {port: 1}' > '${home}/config.yaml'; echo 'http: {port: 2}' >`,
    });
    assert.equal(late.status, 1);
    assert.match(late.err, /was changed by somebody else meanwhile/);
    assert.equal(await written(home), "http: {port: 1}\n");
  });
});

suite("hermes config migrate", () => {
  const old = `# mine
model:
  model: qwen # the model
  api_key: sk-0123456789abcdef
memory:
  # remember
  enabled: true
compression: {summary_model: small}
fallback_model: {provider: deepseek, model: x}
discord:
  extra:
    slash_commands: false # no menus
custom_providers:
  - {name: spare, url: "http://h/v1", api_key: hunter2}
skills: {external_dirs: [a]}
`;

  test("shows it first, does it when told to, keeps copies, and finds nothing to do then", async (t) => {
    const home = await temporaryHome(t);
    await writeFile(join(home, "config.yaml"), old);
    for (const args of [["migrate"], ["migrate", "--dry-run", "--yes"]]) {
      const shown = await config(home, args);
      assert.match(shown.out, /^ {2}memory\.enabled becomes memory\.memory_enabled$/m);
      assert.match(shown.out, /Nothing was changed/);
      assert.doesNotMatch(shown.out, /hunter2|0123456789/);
    }
    assert.deepEqual([await written(home), await readdir(home)], [old, ["config.yaml"]]);
    const done = await config(home, ["migrate", "--yes"]);
    assert.match(
      done.out,
      /Left as they are, without effect here: skills\.external_dirs\.[^]*Done\. As it was: .*config\.yaml\.backup-\d{8}T\d{6}Z\./,
    );
    const now = await written(home);
    assert.doesNotMatch(now, /hunter2|0123456789/);
    for (const comment of ["# mine", "# the model", "# remember", "# no menus"]) assert.ok(now.includes(comment), comment);
    assert.equal(await readFile(join(home, ".env"), "utf8"), "OPENAI_API_KEY=sk-0123456789abcdef\nSPARE_API_KEY=hunter2\n");
    const [copy = ""] = (await readdir(home)).filter((name) => name.includes("backup"));
    assert.equal(await readFile(join(home, copy), "utf8"), old);
    const { config: found, findings } = await loadConfig({ home, env: {} });
    assert.equal(findings.find(({ severity }) => severity === "error")?.message.includes("deepseek"), true, "its key is missing");
    assert.deepEqual(
      [found.model.default, found.model.apiKey, found.discord.slashCommands, found.customProviders[0]?.apiKey],
      ["qwen", "sk-0123456789abcdef", false, "hunter2"],
    );
    assert.match((await config(home, ["migrate", "--yes"])).out, /Nothing is to be done/);
  });

  test("a file that is changed meanwhile loses nothing", async (t) => {
    const secret = "model: {api_key: sk-one}\n";
    for (const mine of [secret, `${secret}discord: {bot_token: two}\n`]) {
      const home = await temporaryHome(t);
      await writeFile(join(home, "config.yaml"), secret);
      await writeFile(join(home, ".env"), "A=1\n");
      await writeFile(join(home, ".env.lock"), `${process.pid} ${hostname()} x`);
      const copies = watch(home, { signal: t.signal });
      const done = applyMigration(home).then(
        () => "done",
        (thrown: unknown) => String(thrown),
      );
      for await (const { filename } of copies) if (filename?.startsWith(".env.backup-") === true) break;
      await writeFile(join(home, ".env"), "A=2\n");
      await writeFile(join(home, "config.yaml"), mine);
      await rm(join(home, ".env.lock"));
      assert.match(await done, mine === secret ? /^done$/ : /changed by somebody else meanwhile/);
      assert.equal(await readFile(join(home, ".env"), "utf8"), "A=2\nOPENAI_API_KEY=sk-one\n");
      assert.equal(await written(home), mine === secret ? "" : mine);
    }
  });

  test("keys that it can't move are told of, and left as they are", async (t) => {
    const home = await temporaryHome(t);
    const text = `model.api_key: sk-x
agent.max_iterations: 5
compression.summary_model: small
custom_providers: [{name: spare, base_url: "http://h/v1", api_key: "'\`\\""}]
fallback_providers: [{provider: spare, api_key: hunter3}]
`;
    await writeFile(join(home, "config.yaml"), text);
    const { out } = await config(home, ["migrate", "--yes"]);
    assert.match(out, /without effect here: compression\.summary_model, fallback_providers\.0\.api_key\.$/m);
    assert.match(out, /by hand: model\.api_key, agent\.max_iterations, custom_providers\.0\.api_key\.\n$/);
    assert.equal(await written(home), text);
    const unnamed = migrated("custom_providers: [{url: 'http://10.0.0.5:8000/v1', api_key: hunter2}]\n", "");
    assert.equal(unnamed.env, "MODEL_10_0_0_5_8000_API_KEY=hunter2\n");
    assert.doesNotMatch(unnamed.yaml, /hunter2/);
    const taken = migrated("providers: {a-b: {api_key: one}, a_b: {api_key: two}}\n", "A_B_API_KEY=other\n");
    assert.equal(taken.env, "A_B_API_KEY=other\nA_B_API_KEY_2=one\nA_B_API_KEY_3=two\n");
  });

  test("what stands twice counts as before, and a key that .env has is left to it", () => {
    const { yaml, env, changes } = migrated(
      "agent: {max_turns: 9, max_iterations: 5}\nmodel: {api_key: old}\n",
      "OPENAI_API_KEY=new\n",
    );
    assert.equal(yaml, "agent: { max_turns: 9 }\n");
    assert.equal(env, "OPENAI_API_KEY=new\n");
    assert.equal(changes.length, 2);
    const moved = migrated("terminal: {cwd: /x}\n", "# mine\nTERMINAL_ENV=docker\nTERMINAL_CWD=/y\nTERMINAL_TIMEOUT=soon\n");
    assert.deepEqual(
      [moved.yaml, moved.env, moved.left],
      [
        "terminal: { cwd: /x, backend: docker }\n",
        "# mine\nTERMINAL_CWD=/y\nTERMINAL_TIMEOUT=soon\n",
        ["TERMINAL_CWD", "TERMINAL_TIMEOUT"],
      ],
    );
    assert.equal(migrated("agent: {max_turns: , max_iterations: 5}\n", "").yaml, "agent: { max_turns: 5 }\n");
    assert.deepEqual(migrated("a: [1\n".replace("[", ""), "").changes, []);
  });
});
