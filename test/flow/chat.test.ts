import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, type ModelServer, modelServerWith, say, type Seen, status } from "../doubles/model-server.ts";
import { keys } from "../services/terminal.ts";
import { dot, entry, listed, openChat, ready, runWith } from "./chat-rig.ts";
import { freshHome, type Process, startHermes } from "./service.ts";
import { lastOf } from "./talk-rig.ts";

const config = `
model: {default: ./models/Qwen3.6-27B-GGUF-4.262bpw-imatrix.gguf, context_length: 65536}
terminal: {backend: local}
`;
suite("hermes chat beside a running service", () => {
  let model: ModelServer;
  let home = "";
  let service: Process;
  const stack = new AsyncDisposableStack();
  /** Opened by a test, where an answer is to stop in the middle. */
  let gate = Promise.withResolvers<void>();
  const start = async () => {
    service = startHermes({ mode: "start", home, env: { OPENAI_BASE_URL: model.url } });
    await service.printed(/Open http/);
  };

  const respond = (seen: Seen) => {
    const text = lastOf(seen);
    if (seen.body.messages.at(-1)?.role === "tool") return say(`**came**: ${text}`);
    if (text.startsWith("send back")) return say(`Here it is.\nMEDIA:${text.slice("send back ".length)}`);
    if (text.includes("fails")) return status(400, { error: { message: "the model is unwell" } });
    if (text.includes("slowly")) return say("The first half stands here.\n\nThe second half came later.", { gate: gate.promise });
    if (text.startsWith("how long")) return say("So long.");
    if (text.includes("which tools")) return say(listed(seen).join(" "));
    if (text.includes("pip list")) return call("terminal", { command: "echo pip 25.0" });
    if (text.includes("delete")) return call("terminal", { command: "rm -rf old" });
    if (text.includes("unclear")) return call("clarify", { question: "Which one?", choices: ["red", "blue"] });
    if (text === "in words") return call("clarify", { question: "What is meant?", choices: [] });
    if (text.includes("attack"))
      return say("\u001b]0;owned\u0007\u001b[2J\u001b]52;c;aGk=\u0007ok \u009b31m `\u001b[1A` \u202eabc");
    return say(`You said: **${text}**\n\n| Metric | 值 |\n|---|---:|\n| 速度 | 381 |\n`);
  };

  before(async () => {
    model = stack.use(
      await modelServerWith({ strict: false, models: ["./models/Qwen3.6-27B-GGUF-4.262bpw-imatrix.gguf"] }, respond),
    );
    const fresh = stack.use(await freshHome());
    home = fresh.path;
    await writeFile(join(home, "config.yaml"), config);
    await start();
    stack.defer(() => service[Symbol.asyncDispose]());
  });
  after(() => stack.disposeAsync());

  const run = async (args: readonly string[], piped = "") => await runWith({ HERMES_HOME: home }, args, piped);
  const workspace = async () => {
    await run(["chat", "-q", "pip list"]);
    return join(home, "workspaces", (await readdir(join(home, "workspaces")))[0] ?? "");
  };

  test("hermes chat -q prints the answer alone, as it was written", async () => {
    const { code, out, err } = await run(["chat", "-q", "hello"]);
    assert.equal(out, "You said: **hello**\n\n| Metric | 值 |\n|---|---:|\n| 速度 | 381 |\n");
    assert.deepEqual([code, err], [0, ""]);
  });

  test(`hermes --toolsets "terminal" chat -q "在沙箱中运行 'pip list' 并总结输出" has those tools, and others keep theirs`, async () => {
    const from = model.seen.length;
    const { code, out } = await run(["--toolsets", "terminal", "chat", "-q", "在沙箱中运行 'pip list' 并总结输出"]);
    assert.deepEqual([code, out], [0, "**came**: pip 25.0\n"]);
    assert.deepEqual(listed(model.seen[from]).toSorted(), ["process", "terminal"]);
    const names = (await run(["chat", "-q", "which tools"])).out;
    assert.ok(/read_file/.test(names) && /memory/.test(names), names);
    assert.match((await run(["chat", "-t", "file", "-q", "which tools"])).out, /^patch read_file search_files write_file\n$/);
  });

  test("what is piped in is asked, after the question where there is one", async () => {
    assert.match((await run(["chat"], "from the pipe\n")).out, /You said: \*\*from the pipe\*\*/);
    assert.match((await run(["chat", "-q", "summarise"], "line one\nline two\n")).out, /\*\*summarise\n\nline one\nline two\*\*/);
    // In JSON it is twice as long.
    const long = await run(["chat", "-q", "how long?"], "\t\n".repeat(600_000));
    assert.deepEqual([long.code, long.out], [0, "So long.\n"]);
  });

  test("--json gives answer, tools, usage and session in one object; --continue goes on with it", async () => {
    const result = JSON.parse((await run(["chat", "-q", "pip list", "--json"])).out);
    assert.deepEqual([result.status, result.answer, result.failure], ["answered", "**came**: pip 25.0", null]);
    assert.deepEqual(
      result.tools.map((each: { tool: string; ok: boolean }) => [each.tool, each.ok]),
      [["terminal", true]],
    );
    assert.deepEqual([result.usage.calls, result.usage.promptTokens], [2, 18]);
    const again = JSON.parse((await run(["chat", "--resume", result.session, "-q", "and now", "--json"])).out);
    assert.match(again.answer, /and now/);
    assert.match(JSON.stringify(model.seen.at(-1)?.body.messages), /pip 25\.0/);
    const lines = (await run(["chat", "-q", "pip list", "--stream-json"])).out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(lines.some(({ type, event }) => type === "event" && event.type === "tool.started"));
    assert.deepEqual([lines.at(-1).type, lines.at(-1).status], ["result", "answered"]);
  });

  test("a failure is told on stderr, and by the exit status", async () => {
    const { code, out, err } = await run(["chat", "-q", "this fails"]);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /hermes: .*the model is unwell/);
  });

  test("what needs leave is refused where nobody can be asked, with advice", async () => {
    const folder = join(await workspace(), "old");
    await mkdir(folder, { recursive: true });
    const { code, out, err } = await run(["chat", "-q", "delete it"]);
    assert.ok(existsSync(folder));
    assert.equal(code, 1);
    assert.match(out, /came.*Not run/);
    assert.match(err, /nobody was there to ask[^]*rm -rf old[^]*docs\/security\.md/);
    assert.deepEqual((await run(["chat", "-q", "unclear"])).code, 0);
  });

  test("commands are answered, too", async () => {
    assert.match((await run(["chat", "-q", "/whoami"])).out, /owner/);
    // With buttons, which nobody waits to see pressed.
    assert.match((await run(["chat", "-q", `/cron add "0 9 * * *" tea`])).out, /Save it\?/);
    // The page's person and the terminals' are one.
    assert.equal((await run(["people", "list"])).out.trim().split("\n").length, 2);
  });

  test("files go with a question and lie in the workspace, as from any platform; those of an answer are told where they are", async () => {
    const from = await mkdtemp(join(tmpdir(), "hermes-from-"));
    try {
      await writeFile(join(from, "a b.csv"), "name;count\ntea;2\n");
      await writeFile(join(from, "dot.png"), dot);
      const args = ["--file", join(from, "a b.csv"), "--image", join(from, "dot.png")];
      const { code, out } = await run(["chat", "-q", "which files", ...args]);
      assert.equal(code, 0);
      assert.match(
        out,
        /which files\n\n\[picture "dot\.png", 69 bytes, saved as inbox\/\d+-dot\.png.*\n[^]*\[file "a b\.csv", 17 bytes/,
      );
      const saved = /saved as (inbox\/\d+-a_b\.csv)\. Its text:\]\n```\nname;count\ntea;2/.exec(out)?.[1] ?? assert.fail(out);
      assert.equal(await readFile(join(await workspace(), saved), "utf8"), "name;count\ntea;2\n");
      const sent = await run(["chat", "-q", `send back ${saved}`]);
      const path = /^Saved: (.*-a_b\.csv)$/m.exec(sent.err)?.[1] ?? assert.fail(sent.err);
      assert.deepEqual([sent.out, await readFile(path, "utf8")], ["Here it is.\n", "name;count\ntea;2\n"]);
      assert.deepEqual(JSON.parse((await run(["chat", "-q", `send back ${saved}`, "--json"])).out).files.length, 1);
    } finally {
      await rm(from, { recursive: true });
    }
  });

  test("--continue has its own answer while a turn of that conversation runs in another terminal", async () => {
    gate = Promise.withResolvers();
    const count = model.seen.length;
    const slow = run(["chat", "-q", "slowly"]);
    await model.arrived(count + 1);
    assert.match((await run(["chat", "--continue", "-q", "meanwhile"])).out, /You said: \*\*meanwhile\*\*/);
    assert.deepEqual((await run(["chat", "--continue", "-q", "unclear"])).code, 0);
    gate.resolve();
    assert.match((await slow).out, /came later/);
    // A command that begins a turn: the turn's answer is the one that counts.
    assert.match((await run(["chat", "-q", "/queue and then"])).out, /You said: \*\*and then\*\*/);
  });

  for (const { args, code, says } of [
    { args: ["chat", "-q", "x", "--file", "/nowhere/at all"], code: 2, says: /There is no file \/nowhere\/at all\./ },
    { args: ["chat", "-q", "x", "--image", "/"], code: 2, says: /\/ is a directory/ },
    { args: ["chat", "-q", "  "], code: 2, says: /the question is empty/ },
    { args: ["chat", "-q", "x", "-t", "nonsense"], code: 2, says: /nonsense is no set of tools/ },
    { args: ["chat", "--query-file", "/nowhere"], code: 2, says: /\/nowhere can't be read/ },
    { args: ["chat", "--resume", "nothing", "-q", "x"], code: 1, says: /no such conversation/ },
  ]) {
    test(`wrong use is told: hermes ${args.join(" ")}`, async () => {
      const ran = await run(args);
      assert.deepEqual([ran.code, ran.out], [code, ""]);
      assert.match(ran.err, says);
    });
  }

  test("nothing that a model writes reaches a terminal as a control sequence", async () => {
    const { out } = await run(["chat", "-q", "attack"]);
    assert.doesNotMatch(out, /[^\P{Cc}\n]/u);
    assert.match(out, /ok/);
  });

  test("Ctrl-C while one waits stops the turn and gives 130", async () => {
    gate = Promise.withResolvers();
    const count = model.seen.length;
    const child = spawn(process.execPath, [entry, "chat", "-q", "slowly"], {
      env: { HERMES_HOME: home, PATH: process.env["PATH"] },
      stdio: ["ignore", "ignore", "pipe"],
    });
    await model.arrived(count + 1);
    child.kill("SIGINT");
    const [exit] = await once(child, "exit");
    assert.equal(exit, 130);
    await model.aborted(count);
    gate.resolve();
  });

  test("at a terminal: the guide's look, keys as in shells, leave by number, and Ctrl-C for the turn alone", async (t) => {
    const folder = join(await workspace(), "old");
    await mkdir(folder, { recursive: true });
    const terminal = openChat(t, home, { cols: 80 });
    await terminal.until(ready);
    terminal.type(`hello${keys.enter}`);
    const screen = await terminal.until(/You said[^]*╰─+╯\n⚕.*%.*⏲/);
    assert.match(
      screen,
      /─{79}\n● hello\n─{79}\n╭─ ⚕ Hermes ─+╮\nYou said: hello\n\nMetric │ {2}值\n───────┼────\n速度   │ 381\n╰─+╯\n/,
    );
    assert.match(screen, /\n⚕ Qwen3\.6-27B-GGUF-4\.262bpw… │ \d+\/65\.5K │ \[░{10}\] 0% │ \w+ │ ⏲ \w+\n─+\n❯$/);
    terminal.type(`pip list${keys.enter}`);
    assert.match(await terminal.until(/came: pip 25\.0\n╰/), /● pip list\n─+\n┊ 💻 \$ echo pip 25\.0\n╭─ ⚕ Hermes/);
    terminal.type(`/vers${keys.tab}`);
    await terminal.until(/❯ \/version/);
    terminal.type(`${keys.ctrlC}${keys.up}${keys.up}`);
    await terminal.until(/❯ hello/);
    terminal.type(`${keys.ctrlC}\u0012pip`);
    await terminal.until(/\(history\) pip › pip list/);
    terminal.type(keys.enter);
    await terminal.until((text) => text.split("● pip list").length === 3);
    terminal.type("\u001b[200~one\r\ntwo\u001b[31m\u001b[201~");
    await terminal.until(/❯ one\n {2}two/);
    terminal.type(keys.enter);
    await terminal.until(/● one\n {2}two\[31m\n[^]*You said: one\ntwo[^]*╰─+╯\n⚕/);
    terminal.type("\u000C");
    await terminal.until((text) => /^⚕ Qwen3.*\n─+\n❯$/.test(text));
    terminal.type(`/cron add "0 9 * * *" tea${keys.enter}`);
    await terminal.until(/1 Save {3}2 Don't.*\n⚕/);
    // What is not taken up is offered no longer.
    terminal.type(`hello${keys.enter}`);
    await terminal.until(/● hello[^]*You said: hello[^]*╯\n⚕/);
    terminal.type(`delete it${keys.enter}`);
    await terminal.until(/May I run this\?[^]*rm -rf old[^]*1 Once {3}2 This session/);
    terminal.type(`1${keys.enter}`);
    await terminal.until(/✓ Local page: Once[^]*came: \(no output\)/);
    assert.ok(!existsSync(folder));
    terminal.type(`unclear${keys.enter}`);
    await terminal.until(/Which one\?[^]*1 red {3}2 blue/);
    terminal.type(`blue${keys.enter}`);
    await terminal.until(/✓ Local page: blue[^]*came: .*blue/);
    terminal.type(`in words${keys.enter}`);
    await terminal.until(/● in words[^]*What is meant\?[^]*It waits for your answer/);
    terminal.type(`the red one${keys.enter}`);
    await terminal.until(/┊ 🔧 clarify ask: What is meant\?\n╭─ ⚕ Hermes ─+╮\ncame: .*the red one\n╰─+╯\n⚕/);
    gate = Promise.withResolvers();
    terminal.type(`slowly${keys.enter}`);
    await terminal.until(/The first half[^]*Ctrl-C stops/);
    terminal.type(keys.ctrlC);
    await terminal.until(/Stopped here[^]*╰─+╯/);
    gate.resolve();
    terminal.type(keys.ctrlC);
    await terminal.until(/Ctrl-C once more/);
    terminal.type(keys.ctrlC);
    assert.equal(await terminal.exit, 0);
    assert.equal((await stat(join(home, "chat_history"))).mode & 0o777, 0o600);
    assert.match(await readFile(join(home, "chat_history"), "utf8"), /^"hello"\n"pip list"\n"one\\ntwo\[31m"\n/);
  });

  test("at a terminal: files are attached by their paths or dropped, shown until they go, and taken away again; /verbose is obeyed", async (t) => {
    const from = await mkdtemp(join(tmpdir(), "hermes-from-"));
    t.after(() => rm(from, { recursive: true }));
    await writeFile(join(from, "my notes.txt"), "buy tea");
    await writeFile(join(from, "dot.png"), dot);
    const terminal = openChat(t, home, { cols: 80, cwd: from }, ["--image", join(from, "dot.png")]);
    await terminal.until(/📎 dot\.png, 69 bytes \(goes with what you say next\)\n⚕/);
    terminal.type(`${keys.ctrlC}/attach my${keys.tab}`);
    await terminal.until(/Nothing is attached any more[^]*❯ \/attach my notes\.txt$/);
    terminal.type(`${keys.enter}/image none.png${keys.enter}\u001b[200~'${from}/dot.png' \u001b[201~`);
    await terminal.until(/There is no file[^]*none\.png\.[^]*📎 my notes\.txt, 7 bytes, dot\.png, 69 bytes/);
    // No file goes with a command, by whichever of its names.
    terminal.type(`/tz${keys.enter}`);
    await terminal.until(/You have picked no time zone[^]*╯\n📎/);
    terminal.type(`/verbose off${keys.enter}`);
    await terminal.until(/I don't show my tools[^]*╯\n📎/);
    terminal.type(`pip list please${keys.enter}`);
    const screen = await terminal.until(/came: pip 25\.0\n╰─+╯\n⚕/);
    assert.match(screen, /● pip list please\n📎 my notes\.txt, 7 bytes\n📎 dot\.png, 69 bytes\n─+\n╭─ ⚕ Hermes/);
    assert.match(lastOf(model.seen.at(-2) ?? assert.fail()), /saved as inbox\/\d+-my_notes\.txt\. Its text:\]\n```\nbuy tea/);
    terminal.type(`/verbose auto${keys.enter}`);
    await terminal.until(/as configured again/);
    terminal.type(keys.ctrlD);
    assert.equal(await terminal.exit, 0);
  });

  test("at a terminal: a model can't steer it, and what ended while the service or the terminal was away is shown", async (t) => {
    const terminal = openChat(t, home, { cols: 40, env: { NO_COLOR: "1" } });
    const first = await terminal.until(ready);
    assert.match(first, /^─{39}$/m);
    assert.doesNotMatch(first, /1 Save|Save it/);
    terminal.resize(200, 60);
    await terminal.until(/^─{199}$/m);
    terminal.type(`attack${keys.enter}`);
    assert.match(await terminal.until(/ok.*abc\n╰/), /● attack\n─+\n╭─ ⚕ Hermes ─+╮\n\]0;owned\[2J\]52;c;aGk=ok 31m \[1A abc\n╰/);
    gate = Promise.withResolvers();
    terminal.type(`slowly${keys.enter}`);
    await terminal.until(/The first half/);
    await service.kill("SIGKILL");
    await terminal.until(/The service has gone away/);
    gate.resolve();
    await start();
    await terminal.until(/The second half came later\.\n╰/);
    gate = Promise.withResolvers();
    const count = model.seen.length;
    terminal.type(`slowly${keys.enter}`);
    await model.arrived(count + 1);
    terminal.type(keys.ctrlD);
    await terminal.exit;
    gate.resolve();
    // One that knows no keys: a line is a message, and nothing moves.
    const back = openChat(t, home, { cols: 60, env: { TERM: "dumb" } }, ["--file", join(home, "config.yaml")]);
    const shown = await back.until(/The second half came later/);
    assert.match(shown, /📎 config\.yaml, \d+ bytes[^]*The first half stands here\.\n\nThe second half/);
    back.type(keys.enter);
    await back.until(/You said: [^]*config\.yaml/);
    back.type(`unclear${keys.enter}`);
    await back.until(/Which one\?[^]*1 red {3}2 blue/);
    back.type(`2${keys.enter}`);
    await back.until(/came: .*blue[^]*╰/);
    back.type(keys.ctrlD);
    assert.equal(await back.exit, 0);
  });
});

test("with no service running one is opened in this process, alone or for two, and the home is free afterwards", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) => say(`You said: ${lastOf(seen)}`));
  await using home = await freshHome();
  await writeFile(join(home.path, "config.yaml"), "terminal: {backend: virtual}\n");
  const env = { HERMES_HOME: home.path, OPENAI_BASE_URL: model.url, HERMES_TITLE_GENERATION: "false" };
  const ask = async (question: string) => {
    const { code, out } = await runWith(env, ["--toolsets", "file", "chat", "-q", question]);
    return { code, out };
  };
  const both = await Promise.all([ask("one"), ask("two")]);
  assert.deepEqual(both, [
    { code: 0, out: "You said: one\n" },
    { code: 0, out: "You said: two\n" },
  ]);
  assert.deepEqual(listed(model.seen[0]).toSorted(), ["patch", "read_file", "search_files", "write_file"]);
  assert.equal(existsSync(join(home.path, "hermes.sock")), false);
});
