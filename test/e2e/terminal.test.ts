import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { type OwnSystemd, ownSystemd } from "../doubles/own-systemd.ts";
import { telegramServer, type TelegramServer } from "../doubles/telegram.ts";
import { freshHome } from "../flow/service.ts";
import { lastOf } from "../flow/talk-rig.ts";
import { keys, openTerminal, type Terminal } from "../services/terminal.ts";

const unit = "hermes-team.service";
const entry = new URL("../../bin/hermes.mjs", import.meta.url).pathname;

/** One person's evening at one shell: what both guides type at a prompt, in the order of the guides, on one home with one service. */
suite("at a real terminal, from nothing", () => {
  const stack = new AsyncDisposableStack();
  let model: ModelServer;
  let telegram: TelegramServer;
  let systemd: OwnSystemd;
  let home = "";
  let shell: Terminal;

  const respond = (seen: Seen) => {
    const text = lastOf(seen);
    const look = `test -d ${home} && echo on this machine || echo elsewhere`;
    if (text.includes("where does it run")) return call("terminal", { command: look });
    if (seen.body.messages.at(-1)?.role === "tool") return say(`It says: ${text.trim()}`);
    return text.includes("pip list") ? call("terminal", { command: "echo pip 25.0" }) : say(`You said: **${text}**`);
  };

  before(async () => {
    model = stack.use(await modelServerWith({ strict: false, models: ["./models/qwen/Qwen-27B.gguf"] }, respond));
    telegram = stack.use(await telegramServer());
    const person = await mkdtemp(join(tmpdir(), "hermes-person-"));
    stack.defer(() => rm(person, { recursive: true, force: true, maxRetries: 3 }));
    const ready = stack.use(await freshHome());
    home = join(person, ".hermes");
    await symlink(ready.path, home);
    // What differs from a newcomer's machine: the doubles' addresses, and no engine.
    const env = { TELEGRAM_API_ROOT: telegram.url, HERMES_HTTP_PORT: "0", HERMES_MODEL_PROBE: model.url };
    const quiet = {
      DOCKER_HOST: "unix:///nowhere/docker.sock",
      HERMES_TIMEZONE: "UTC",
      HERMES_TITLE_GENERATION: "false",
      HERMES_MEMORY_NUDGE_INTERVAL: "0",
    };
    const lines = Object.entries({ ...env, ...quiet }).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(home, ".env"), lines.join(""));
    systemd = await ownSystemd(join(person, "bin"), unit);
    // Once nobody is there any more who could start it.
    stack.defer(async () => {
      const pid = await systemd.pid(unit);
      if (pid !== null) process.kill(pid, "SIGKILL");
    });
    await symlink(entry, join(systemd.folder, "hermes"));
    const path = [systemd.folder, dirname(process.execPath), process.env["PATH"]].join(":");
    const own = { HOME: person, XDG_CONFIG_HOME: join(person, ".config"), PATH: path, PS1: "$ ", LANG: "C.UTF-8" };
    shell = openTerminal({ after: (work) => stack.defer(work) }, "sh", [], { cols: 80, rows: 60, cwd: person, env: own });
  });
  after(() => stack.disposeAsync());

  /** Types a line at an empty screen. */
  const begin = async (line: string) => {
    shell.type("clear\r");
    await shell.until(/^\$$/);
    shell.type(`${line}\r`);
  };
  /** The screen at the next prompt, with what differs from run to run and from place to place named. */
  const prompt = async () => {
    await shell.until(/\n\$$/);
    const screen = shell.whole().join("\n").replaceAll(dirname(home), "~").replaceAll(new URL(model.url).host, "HOST");
    // Where this line is broken depends on how long the path of the checkout is.
    return screen.replaceAll(/^It runs:[^]*? start$/gm, (words) => words.replaceAll(/\s+/g, " "));
  };
  const typed = async (line: string) => {
    await begin(line);
    return await prompt();
  };
  /** What the bot has said to its owner in Telegram. */
  const told = (words: RegExp) => telegram.waitFor(() => telegram.messages(501).find(({ text }) => words.test(text)), 60_000);
  const answerAt = async (question: RegExp, typing = "") => {
    await shell.until(question);
    shell.type(`${typing}${keys.enter}`);
  };

  test("hermes setup", async () => {
    await begin("hermes setup");
    await answerAt(/◆ {2}Which model[^]*● Use http/);
    await answerAt(/◆ {2}Where shall it answer/);
    await answerAt(/◆ {2}The bot's token/, telegram.token);
    await answerAt(/◆ {2}Where shall it answer[^]*● That's all/);
    await answerAt(/◆ {2}Where shall its commands run/);
    await answerAt(/◆ {2}How shall it run[^]*● As a service/);
    const code = /start=(\w{12}) and press/.exec(await shell.until(/Waiting for that/))?.[1] ?? assert.fail();
    telegram.say(501, `/start ${code}`);
    const screen = (await prompt()).replaceAll(code, "CODE").replaceAll(/process \d+/g, "process N");
    assert.match(screen, /3\/6 Platforms\n│\n◇ {2}Where shall it answer\?\n│ {2}Telegram\n {2}In Telegram, open @BotFather/);
    assert.ok(!screen.includes(telegram.token));
    assert.equal(
      screen.slice(screen.indexOf("◇  How shall it run?")),
      `◇  How shall it run?
│  As a service that starts with this machine
Wrote ~/.config/systemd/user/hermes-team.service
It runs: ${process.execPath} ${entry} start
Started hermes-team.service: process N.
Its log: hermes logs -f
✓ service   running as hermes-team.service

To become its owner, open https://t.me/team_bot?start=CODE and press Start.
Talk to it here, too: hermes chat
Waiting for that … (Ctrl-C ends the waiting; the code stays good for an hour)
✓ owner     Person 501 (telegram:501) owns the bot. It answers. Not
            you? hermes setup owner --owner, then: hermes people role
            telegram:501 guest
$`.replace(/^(To become.*) (Start\.)$/m, "$1\n  $2"),
    );
    await told(/you own this bot now/);
    telegram.say(501, "hello");
    await told(/You said: hello/);
  });

  test("hermes chat: a message, its answer, /cron add", async () => {
    await begin("hermes chat");
    await answerAt(/\n❯$/, "hello");
    await shell.until(/You said[^]*╰─+╯\n⚕/);
    // The guide's own line, with the quotation marks that its page has broken.
    await answerAt(/❯$/, String.raw`/cron add "0 9 * * *\" 每日市场报告到终端"`);
    await answerAt(/1 Save {3}2 Don't/, "1");
    await shell.until(/is saved as 1[^]*╯[^]*❯$/);
    shell.type(keys.ctrlD);
    const line = "─".repeat(79);
    const [top, bottom] = [`╭─ ⚕ Hermes ${"─".repeat(66)}╮`, `╰${"─".repeat(77)}╯`];
    const dated = /\w{3}, \d{1,2} \w{3} \d{4}, 09:00/g;
    assert.equal(
      (await prompt()).replace(/Team [\d.]+/, "Team V").replaceAll(dated, "DAY, 09:00"),
      String.raw`$ hermes chat
${line}
● hello
${line}
⚕ Hermes Team V
/help says what I know, Tab completes it; /new begins anew, Ctrl-D leaves.

${top}
You said: hello
${bottom}
${line}
● /cron add "0 9 * * *\" 每日市场报告到终端"
${line}
${top}
⏰ 每日市场报告到终端: 每日市场报告到终端
When: 0 9 * * * (UTC)
Next: DAY, 09:00
Then: DAY, 09:00
Then: DAY, 09:00
Reports to: this chat

Save it? /cron save 1 or /cron drop 1.
${bottom}
${line}
● 1
${line}
${top}
✓ 每日市场报告到终端 is saved as 1. First on DAY, 09:00.
${bottom}
$`,
    );
  });

  test("hermes insights --days 1 2>/dev/null", async () => {
    const screen = await typed("hermes insights --days 1 2>/dev/null");
    assert.match(
      screen,
      /^• Messages: 2 from \d pe[^]*^• Tasks: 2 \(2 answered\)[^]*^Context │ Calls │ Reading │ Writing │ First token │ Cached$/m,
    );
    assert.ok(screen.split("\n").every((line) => line.length <= 80));
  });

  test("hermes config check && hermes doctor", async () => {
    const screen = await typed("hermes config check && hermes doctor --quick; echo $?");
    assert.match(screen, /^The configuration in ~\/\.hermes is in order\.\nok {4}node\.version /m);
    assert.match(screen, /^ok {4}record\.open .*held by the running service$/m);
    assert.match(screen, /^ok {4}model\.name +\.\/models\/qwen\/Qwen-27B\.gguf at$/m);
    assert.match(screen, /^ok {4}telegram\.token +@team_bot: https:\/\/t\.me\/team_bot$/m);
    assert.match(screen, /^All is well(, \d+ warnings?)?\.\n0\n\$$/m);
  });

  test(`hermes --toolsets "terminal" chat -q "在沙箱中运行 'pip list' 并总结输出"`, async () => {
    const screen = await typed(`hermes --toolsets "terminal" chat -q "在沙箱中运行 'pip list' 并总结输出" 2>/dev/null; echo $?`);
    assert.match(screen, /\nIt says: pip 25\.0\n0\n\$$/);
  });

  test("hermes gateway install", async () => {
    const screen = await typed("hermes gateway install; echo $?");
    assert.match(screen, /hermes-team\.service is up to date\n? +already\nIt runs: .* start\nNext: hermes gateway start\n0\n\$$/);
    const text = await readFile(join(dirname(home), ".config/systemd/user", unit), "utf8");
    assert.match(text, /^ExecStart=.*"start"$/m);
  });

  test("hermes gateway start", async () => {
    const pid = await systemd.pid(unit);
    assert.match(await typed("hermes gateway start; echo $?"), new RegExp(`runs already on ~/\\.hermes[^]*${pid}[^]*\n0\n\\$$`));
  });

  test("hermes config set terminal.backend local", async () => {
    telegram.say(501, "where does it run");
    await told(/It says: elsewhere/);
    assert.match(await typed("hermes config set terminal.backend local"), /set in ~\/\.hermes\/config\.yaml\. It counts/);
    telegram.say(501, "where does it run now");
    await told(/^on this machine$/m);
  });

  test("hermes config set auxiliary.compression.provider deepseek; hermes config set auxiliary.compression.model deepseek-v3-flash", async () => {
    const set = "hermes config set auxiliary.compression";
    const screen = await typed(`${set}.provider deepseek 2>/dev/null; ${set}.model deepseek-v3-flash 2>/dev/null`);
    assert.equal(screen.match(/It counts the next time a conversation is shortened\./g)?.length, 2);
    assert.match(await readFile(join(home, "config.yaml"), "utf8"), /^ {4}provider: deepseek\n {4}model: deepseek-v3-flash$/m);
  });

  test("hermes model", async () => {
    await begin("hermes model");
    await answerAt(/API base URL \[e\.g\. https:\/\/api\.example\.com\/v1.*\]:$/s, model.url);
    await answerAt(/API key \[optional\]:$/);
    await answerAt(/Choice \[1-4, Enter to keep current\/detected\]:$/);
    await answerAt(/Use this model\? \[Y\/n\]:$/);
    await answerAt(/Context length in tokens \[leave blank for auto-detect\]:$/, "65536");
    await answerAt(/Display name \[127\.0\.0\.1:\d+\]:$/);
    assert.deepEqual((await prompt()).split("\n"), [
      "$ hermes model",
      "Current model: ./models/qwen/Qwen-27B.gguf",
      "Active provider: HOST (http://HOST/v1)",
      "Custom OpenAI-compatible endpoint configuration:",
      "API base URL [e.g. https://api.example.com/v1]: http://HOST/v1",
      "API key [optional]:",
      "Verified endpoint via http://HOST/v1/models (1 model(s) visible)",
      "Select API compatibility mode:",
      "  1. Auto-detect [current]",
      "  2. Chat Completions",
      "  3. Responses / Codex",
      "  4. Anthropic Messages",
      "Choice [1-4, Enter to keep current/detected]:",
      "API mode: auto-detect (Chat Completions)",
      "Detected model: ./models/qwen/Qwen-27B.gguf",
      "Use this model? [Y/n]:",
      "Context length in tokens [leave blank for auto-detect]: 65536",
      "Display name [HOST]:",
      "Default model set to: ./models/qwen/Qwen-27B.gguf (via http://HOST/v1)",
      '💾 Saved to custom providers as "HOST" (edit in ~/.hermes/config.yaml)',
      "$",
    ]);
  });

  test("Ctrl-C leaves the setup where it was, in frames and at a terminal without them", async () => {
    await begin("hermes setup sandbox");
    await shell.until(/◆ {2}Where shall its commands run/);
    shell.type(keys.ctrlC);
    assert.match(await prompt(), /\nLeft at the step sandbox\. What was done before is saved\.\n`hermes setup` goes on; .*\n\$$/);
    shell.resize(40, 60);
    await begin("TERM=dumb hermes setup platforms");
    await shell.until(/ {2}4\. That's all\nChoice \[1-4, Enter for 4\]:$/);
    shell.type(`1${keys.enter}`);
    await shell.until(/The bot's token .*:$/s);
    assert.ok(shell.screen().every((line) => line.length <= 40));
    shell.type(keys.ctrlC);
    assert.match(await prompt(), /\nLeft at the step platforms\./);
    assert.match(await readFile(join(home, ".env"), "utf8"), new RegExp(`^TELEGRAM_BOT_TOKEN=${telegram.token}$`, "m"));
  });
});
