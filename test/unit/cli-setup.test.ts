import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../src/core/failures.ts";
import { discordServer } from "../doubles/discord.ts";
import { slackServer } from "../doubles/slack.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { startSshd } from "../services/sshd.ts";
import { asked, code, filesOf, homeWith, run } from "./cli-setup-rig.ts";
import { closedPort, modelServer, serve } from "./cli-model-rig.ts";

test("without a terminal and without a word it says what to pass, and touches nothing", async (t) => {
  const home = join(await homeWith(t), "new");
  const { status, err } = await run(home, []);
  assert.equal(status, 2);
  assert.match(err, /there is none.*--yes.*--help/s);
  await assert.rejects(stat(home), { code: "ENOENT" });
});

test("options alone set everything up: verified, saved with comments and rights kept, links and the owner's code told", async (t) => {
  const [model, telegram] = await Promise.all([modelServer(t, ["qwen"]), telegramServer({ username: "our_bot" })]);
  const [discord, slack] = await Promise.all([discordServer(), slackServer()]);
  t.after(() => Promise.all([telegram.close(), discord.close(), slack.close()]));
  const home = await homeWith(t, { "config.yaml": "# ours\nagent:\n  max_turns: 7 # seven\n", ".env": "# keys\n" });
  await chmod(join(home, ".env"), 0o644);
  const roots = { TELEGRAM_API_ROOT: telegram.url, DISCORD_API_URL: discord.url, SLACK_API_URL: slack.url };
  const platforms = ["--telegram-token", telegram.token, "--discord-token", discord.token, "--slack-bot-token", slack.botToken];
  const rest = ["--slack-app-token", slack.appToken, "--model-url", model, "--backend", "virtual"];
  const { status, out, err, files } = await run(home, [...platforms, ...rest], roots);
  assert.equal(status, 0, out + err);
  const { "config.yaml": yaml = "", ".env": variables = "" } = await files();
  assert.match(yaml, /^# ours\nagent:\n  max_turns: 7 # seven\n/);
  assert.match(yaml, /backend: virtual/);
  assert.match(yaml, /default: qwen/);
  for (const token of [telegram.token, discord.token, slack.botToken, slack.appToken]) {
    assert.ok(variables.startsWith("# keys\n") && variables.includes(token));
    assert.ok(!yaml.includes(token) && !out.includes(token) && !err.includes(token));
  }
  assert.equal((await stat(join(home, ".env"))).mode & 0o777, 0o600);
  assert.match(out, /✓ model +qwen at http/);
  assert.match(out, /✓ telegram +@our_bot/);
  assert.match(out, /https:\/\/discord\.com\/oauth2\/authorize\?client_id=\d+&scope=bot\+applications\.commands&permissions=\d+/);
  assert.match(out, /✓ slack +@hermes in Team/);
  assert.match(out, new RegExp(`https://t\\.me/our_bot\\?start=${code}`));
  assert.match(out, /service .*counts after a restart/);
  const again = await run(home, ["--yes"], roots);
  assert.equal(again.status, 0);
  assert.match(again.out, /✓ model[^]*✓ telegram[^]*✓ discord[^]*✓ slack[^]*✓ sandbox/, "a second time finds it all");
  assert.deepEqual(await again.files(), await files(), "and changes nothing");
});

test("a wrong token is told by what it is, with where the right one is, and is not saved", async (t) => {
  const [telegram, discord, slack] = await Promise.all([telegramServer(), discordServer(), slackServer()]);
  t.after(() => Promise.all([telegram.close(), discord.close(), slack.close()]));
  const roots = { TELEGRAM_API_ROOT: telegram.url, DISCORD_API_URL: discord.url, SLACK_API_URL: slack.url };
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["--telegram-token", "12345:wrong", /Telegram refuses it \(Unauthorized\).*@BotFather/s],
    ["--telegram-token", "abc", /no bot token: those look like 123456789:AAF/],
    ["--telegram-token", slack.botToken, /a token of Slack.*@BotFather/s],
    ["--discord-token", "wrong.token.here", /Discord refuses it.*Reset Token/s],
    ["--discord-token", "400000000000000004", /the application's id, not its bot's token/],
    ["--slack-bot-token", "xoxb-wrong", /Slack refuses the bot's token \(invalid_auth\).*Install App/s],
    ["--slack-bot-token", slack.appToken, /the app-level token\. The bot's token begins with xoxb-/],
    ["--discord-token", `${discord.token}\u200B`, /characters that no token has: copy it again, in one piece/],
    ["--slack-bot-token", slack.botToken.replace("-", "-\n"), /characters that no token has/],
    ["--slack-app-token", slack.botToken, /the bot's token\. The app-level token begins with xapp-.*connections:write/s],
  ];
  for (const [flag, token, told] of wrong) {
    const { status, out, files } = await run(await homeWith(t), ["platforms", flag, token], roots);
    assert.equal(status, 1, flag);
    assert.match(out.replaceAll(/\s+/g, " "), told);
    assert.deepEqual(Object.keys(await files()), [], "nothing is saved");
  }
  const both = ["platforms", "--slack-bot-token", "xoxb-wrong", "--slack-signing-secret", "abc"];
  assert.deepEqual(await (await run(await homeWith(t), both, roots)).files(), {}, "nor what came with it");
  const half = async (...args: readonly string[]) => (await run(await homeWith(t), ["platforms", ...args], roots)).out;
  assert.match(
    await half("--slack-bot-token", slack.botToken),
    /✗ slack +@hermes in Team, but .* no way to reach it\. Set SLACK_APP_TOKEN or SLACK_SIGNING_SECRET/,
  );
  assert.match(await half("--slack-app-token", slack.appToken), /✗ slack .*no token of its bot yet\. Set SLACK_BOT_TOKEN/);
});

test("it is told who has come by the owner's code, or that nobody can any more; a service that waits for a restart is not waited for", async (t) => {
  const telegram = await telegramServer();
  t.after(() => telegram.close());
  const env = { TELEGRAM_API_ROOT: telegram.url };
  const token = { ".env": `TELEGRAM_BOT_TOKEN=${telegram.token}\n` };
  const owner = async (owned: unknown) =>
    (await asked(await homeWith(t, token, owned), ["owner", "--owner"], [], env)).out.replaceAll(/\s+/g, " ");
  assert.match(
    await owner({ name: "Ann", account: "telegram:501" }),
    /✓ owner Ann \(telegram:501\) owns the bot\. It answers\. Not you\? .*hermes people role telegram:501 guest/,
  );
  const botless = await asked(await homeWith(t), ["owner", "--owner"], []);
  assert.equal(botless.status, 1);
  assert.match(
    botless.out.replaceAll(/\s+/g, " "),
    /✗ owner An owner shows a code to a bot, and there is none yet: `hermes setup platforms`/,
  );
  assert.match(await owner("over"), /– owner The code is too old now.*hermes setup owner/);
  const stale = await asked(await homeWith(t), ["--telegram-token", telegram.token], [[/Which model/, "2"]], env);
  assert.match(stale.out, /What was changed counts after a restart[^]*To become its owner/);
  assert.doesNotMatch(stale.out, /Waiting for that/);
});

test("a token that only the environment has is kept for a service that is wished for, or after a yes", async (t) => {
  const telegram = await telegramServer();
  t.after(() => telegram.close());
  const env = { TELEGRAM_API_ROOT: telegram.url, TELEGRAM_BOT_TOKEN: telegram.token };
  const kept = { ".env": `TELEGRAM_BOT_TOKEN=${telegram.token}\n` };
  const left = await run(await homeWith(t), ["platforms", "--yes"], env);
  assert.match(left.out, /Only the environment has TELEGRAM_BOT_TOKEN: a service would not have it\.\n✓ telegram +@team_bot/);
  assert.deepEqual(await left.files(), {});
  const wished = await run(await homeWith(t), ["platforms", "--service"], env);
  assert.deepEqual(await wished.files(), kept);
  assert.ok(!wished.err.includes("overrules"));
  const slack = await slackServer();
  t.after(() => slack.close());
  const secrets = { SLACK_BOT_TOKEN: slack.botToken, SLACK_SIGNING_SECRET: "abc" };
  const both = await run(await homeWith(t), ["platforms", "--service"], { SLACK_API_URL: slack.url, ...secrets });
  assert.match((await both.files())[".env"] ?? "", /^SLACK_SIGNING_SECRET=abc$/m);
  const answers = [[/Keep it in \.env/, "y"]] as const;
  assert.deepEqual(await (await asked(await homeWith(t), ["platforms"], answers, env)).files(), kept);
});

test("where a platform or the model server can't be reached, that is said, and nothing is saved unasked", async (t) => {
  const nowhere = await closedPort();
  const env = { TELEGRAM_API_ROOT: nowhere };
  const scripted = await run(await homeWith(t), ["--telegram-token", "12345:wrong", "--model-url", `${nowhere}/v1`], env);
  assert.equal(scripted.status, 1);
  assert.match(scripted.out, /✗ model +no model server answers at/);
  assert.match(scripted.out, /✗ telegram +Telegram can't be reached at .*ECONNREFUSED.*TELEGRAM_API_ROOT/);
  assert.match(scripted.out, /Still to mend: model, telegram/);
  assert.deepEqual(Object.keys(await scripted.files()), []);
  const answers = [
    [/Where shall it answer/, "1"],
    [/The bot's token/, "12345:mine"],
    [/Save it without having asked/, "y"],
    [/Where shall it answer/, "4"],
  ] as const;
  const kept = await asked(await homeWith(t), ["platforms"], answers, env);
  assert.equal((await kept.files())[".env"], "TELEGRAM_BOT_TOKEN=12345:mine\n");
});

test("every step can be left out: a person who only presses Enter changes nothing", async (t) => {
  const home = await homeWith(t);
  const { status, out, files } = await asked(home, [], []);
  assert.equal(status, 0, out);
  assert.match(out, /1\/6 Home[^]*2\/6 Model[^]*3\/6 Platforms[^]*4\/6 Sandbox[^]*5\/6 Owner[^]*6\/6 Service/);
  assert.deepEqual(Object.keys(await files()), []);
});

test("whoever leaves in the middle keeps what was done, and is told how to go on", async (t) => {
  const telegram = await telegramServer();
  t.after(() => telegram.close());
  const pasted = `Use this token to access the HTTP API: ${telegram.token} Keep it safe.`;
  const answers = [
    [/Which model/, "2"],
    [/Where shall it answer/, "1"],
    [/The bot's token/, "12345:wrong"],
    [/The bot's token/, pasted],
    [/Where shall it answer/, "4"],
    [/Where shall its commands run/, "ctrl-c"],
  ] as const;
  const { status, out, err, files } = await asked(await homeWith(t), [], answers, { TELEGRAM_API_ROOT: telegram.url });
  assert.equal(status, 1);
  assert.match(out, /refuses it \(Unauthorized\)[^]*That is @team_bot[^]*https:\/\/t\.me\/team_bot/);
  assert.match(err, /Left at the step sandbox\. What was done before is saved\.\n.*`hermes setup` goes on/);
  assert.deepEqual(await files(), { ".env": `TELEGRAM_BOT_TOKEN=${telegram.token}\n` });
});

test("whoever leaves at any question can begin again", async (t) => {
  const home = await homeWith(t);
  const steps: string[] = [];
  for (let at = 0; ; at += 1) {
    const answers = [...Array.from({ length: at }, () => [/^/, ""] as const), [/^/, "ctrl-c"] as const];
    const { status, err } = await asked(home, [], answers);
    const [, step] = /Left at the step (\w+)\. What was done before is saved\./.exec(err) ?? [];
    const again = await run(home, ["--yes", "--no-service"]);
    assert.equal(again.status, 0, again.out + again.err);
    if (step === undefined) break;
    assert.equal(status, 1);
    steps.push(step);
  }
  assert.deepEqual([...new Set(steps)], ["model", "platforms", "sandbox"]);
});

test("commands run on the host itself only after a yes", async (t) => {
  const answers = [
    [/Where shall its commands run/, "4"],
    [/without walls\. Sure/, "n"],
  ] as const;
  const { out, files } = await asked(await homeWith(t), ["sandbox"], answers);
  assert.match(out, /Sure\?[^]*✓ sandbox +the virtual shell, and containers once an engine answers/);
  assert.deepEqual(Object.keys(await files()), []);
  const failed = await run(await homeWith(t), ["sandbox", "--backend", "docker"]);
  assert.equal(failed.status, 1);
  assert.match(failed.out, /✗ sandbox .*Start Docker/s);
  assert.deepEqual(Object.keys(await failed.files()), []);
});

test("an engine that answers is named with its kind, and needs nothing to be saved", async (t) => {
  const origin = await serve(t, (request, response) => {
    if (request.url?.endsWith("/_ping") === true) return void response.end("OK");
    if (request.url?.endsWith("/version") === true) return void response.end('{"Components":[{"Name":"Podman Engine"}]}');
    response.writeHead(404).end("{}");
  });
  const env = { DOCKER_HOST: origin.replace("http:", "tcp:") };
  const { out, files } = await run(await homeWith(t), ["sandbox", "--yes"], env);
  assert.match(out, /✓ sandbox +containers, by Podman at tcp:\/\/127\.0\.0\.1:\d+; the image \S+ is pulled at first use/);
  assert.deepEqual(await files(), {});
  const { out: asking } = await asked(await homeWith(t), ["sandbox"], [], env);
  assert.match(asking, /1\. In containers, one a person \(recommended\) \(Podman at tcp:[^]*✓ sandbox +containers/);
});

test("another machine is taken once it lets us in; until then nothing is changed", async (t) => {
  await using sshd = await startSshd();
  const yaml = (key: string) => `terminal: {ssh_port: ${sshd.port}, ssh_key: ${key}, ssh_known_hosts: ${sshd.knownHosts}}\n`;
  const ssh = ["sandbox", "--backend", "ssh", "--ssh-host", "127.0.0.1", "--ssh-user", sshd.user];
  const stranger = { "config.yaml": yaml(sshd.strangerKey) };
  const refused = await run(await homeWith(t, stranger), ssh);
  assert.equal(refused.status, 1);
  assert.match(refused.out, /✗ sandbox .*does not let .* in/);
  assert.deepEqual(await refused.files(), stranger);
  const answers = [
    [/Where shall its commands run/, "3"],
    [/The host's name/, "127.0.0.1"],
    [/Who to be there/, sshd.user],
  ] as const;
  const { out, files } = await asked(await homeWith(t, { "config.yaml": yaml(sshd.key) }), ["sandbox"], answers);
  assert.match(out, /✓ sandbox +127\.0\.0\.1, by SSH, as /);
  assert.match((await files())["config.yaml"] ?? "", /ssh_host: 127\.0\.0\.1[^]*backend: ssh/);
});

test("a home that can't be written is refused with another way", async () => {
  const { status, err } = await run("/dev/null/home", ["--yes"]);
  assert.equal(status, 78);
  assert.match(
    err,
    /Stopped at the step home[^]*nothing can be written to \/dev\/null\/home \(ENOTDIR\)[^]*HERMES_HOME=\/path\/to\/home hermes setup/,
  );
  const nowhere = await run("/proc/home", ["--yes"]);
  assert.equal(nowhere.status, 78);
  assert.match(nowhere.err, /\/proc\/home can't be a home.*Set HERMES_HOME/s);
});

test("a home that a newer version has written is refused before anything is changed, with the way back", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "hermes-setup-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, "data"));
  const newer = new Failure("state.newer", "the database was written by a newer Hermes Team", { advice: "Update it." });
  const never = () => assert.fail("nothing is to be begun");
  const openOffline = () => Promise.reject(newer);
  const product = async () => ({ openOffline, openService: never, openForTerminal: never, tryMcp: never });
  const { status, err, files } = await asked(home, ["--telegram-token", "1:x"], [], {}, product);
  assert.equal(status, 1);
  assert.match(err, /Stopped at the step home/);
  assert.deepEqual(Object.keys(await files()), []);
});

test("an existing Hermes Agent's home is taken over, and its files stay as they are", async (t) => {
  const files = {
    "config.yaml": "# mine\nmodel: some-model\nterminal: {backend: local}\nmystery: 1\n",
    ".env": "OPENAI_API_KEY=dummy\n",
    "memories/MEMORY.md": "The printer is on the second floor.\n",
    "skills/k8s/SKILL.md": "---\nname: k8s\ndescription: d\n---\n",
  };
  const home = await homeWith(t, files);
  const { out, status } = await run(home, ["--yes"]);
  assert.equal(status, 0);
  assert.match(out, /An existing Hermes Agent lives in .*: its settings, its keys, its memory, its skills are taken over/);
  assert.match(out, /✓ sandbox +this machine itself/);
  assert.deepEqual(await filesOf(home), files);
});
