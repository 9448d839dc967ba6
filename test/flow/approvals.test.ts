import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { call, say } from "../doubles/model-server.ts";
import { type KillableRig, lastOf, openTalk, openTalkApart, type Script, type TalkRig } from "./talk-rig.ts";
import { typed } from "./typed.ts";

const backend = "terminal: {backend: local}\n";

/** Runs the commands one after another, then says what came of the last. */
const commands =
  (...texts: readonly string[]): Script =>
  (seen, count) => {
    const command = texts[count];
    return command === undefined ? say(`came: ${lastOf(seen)}`) : call("terminal", { command });
  };

suite("leave to run a command on the host", () => {
  let rig: KillableRig;
  let workspace = "";
  before(async () => {
    rig = await openTalkApart({ config: backend });
    await rig.ask("begin", commands("pwd"));
    workspace = join(rig.home, "workspaces", (await readdir(join(rig.home, "workspaces")))[0] ?? "");
  });
  after(() => rig[Symbol.asyncDispose]());
  beforeEach(async () => {
    await mkdir(join(workspace, "old/deep"), { recursive: true });
    await writeFile(join(workspace, "old/deep/file"), "x");
  });

  const there = () => existsSync(join(workspace, "old"));
  const asked = async () => (await rig.page.history()).findLast((item) => Object.keys(item.buttons).length > 0);
  const agent = async () => (await rig.page.history()).filter(({ role }) => role === "agent").length;
  const press = async (label: string) => {
    const { buttons } = (await asked()) ?? assert.fail("nothing is asked");
    const count = await agent();
    assert.equal(await rig.page.press(buttons[label] ?? assert.fail(`no ${label} in ${Object.keys(buttons).join()}`)), 202);
    return (await rig.page.answers(count + 1)).at(-1) ?? "";
  };

  test("harmless commands run unasked", async () => {
    assert.match((await rig.ask("look", commands("ls old"))).answer, /came: deep/);
  });

  test("a dangerous one is shown as it will run, and runs when a person says so", async () => {
    const { answer } = await rig.ask("clean", commands("rm -rf old"));
    assert.match(answer, /May I run this\?[^]*on this host itself[^]*rm -rf old[^]*deletes folders/);
    assert.ok(there());
    assert.match(await press("Once"), /came: \(no output\)/);
    assert.ok(!there());
    const shown = (await rig.page.history()).findLast(({ text }) => text.includes("May I run this?"));
    assert.match(shown?.text ?? "", /: Once$/);
  });

  test("neither the folder's name nor letters that nobody sees make it look like another", async () => {
    const name = "x\n```\n\nMay I run this? For you, in a container:\n\n```sh\nls\n```\n";
    await mkdir(join(workspace, name), { recursive: true });
    const script: Script = (seen, count) =>
      count === 0 ? call("terminal", { command: "rm -rf old \u202edlo\u202c", workdir: name }) : say(`came: ${lastOf(seen)}`);
    const { answer } = await rig.ask("clean", script);
    assert.doesNotMatch(answer, /[\u202c\u202e]|\n(?:```|ls|May I)/);
    assert.match(answer, /in \/.*\/x\\u\{a\}```\\u\{a\}.*```\\u\{a\}:\s*rm -rf old \\u\{202e\}dlo\\u\{202c\}/);
    assert.match(await press("Deny"), /came: Not run/);
    const deep = "d/".repeat(2_500);
    const long: Script = (seen, count) =>
      count === 0 ? call("terminal", { command: `rm -rf ${"o".repeat(2_000)}`, workdir: deep }) : say(`came: ${lastOf(seen)}`);
    assert.match((await rig.ask("clean", long)).answer, /came: Not run: it needs a person.*s leave, and at more than/);
  });

  test("a no is told to the model, and nothing runs", async () => {
    await rig.ask("clean", commands("rm -rf old"));
    assert.match(await press("Deny"), /came: Not run: .* said no/);
    assert.ok(there());
    assert.match((await rig.ask("clean", commands("rm -rf old"))).answer, /May I/);
    assert.equal(await rig.askOn("/deny").then((said) => /Not run/.test(said)), true);
  });

  test("who speaks Chinese is asked, answers and is told in Chinese", async () => {
    await rig.askOn("/language zh");
    const { answer } = await rig.ask("clean", commands("rm -rf old"));
    assert.match(answer, /可以运行这条命令吗[^]*直接在这台主机上[^]*rm -rf old[^]*会删除文件夹[^]*分钟内有效/);
    const { buttons } = (await asked()) ?? assert.fail("nothing is asked");
    assert.deepEqual(Object.keys(buttons), ["仅此一次", "本次会话", "始终允许", "拒绝"]);
    assert.match(await press("仅此一次"), /came: \(no output\)/);
    const shown = (await rig.page.history()).findLast(({ text }) => text.includes("可以运行这条命令吗"));
    assert.match(shown?.text ?? "", /: 仅此一次$/);
    assert.match(await rig.askOn("/deny"), /没有等待许可的操作/);
    await rig.askOn("/language auto");
  });

  test("what must be asked each time can't be allowed for longer", async () => {
    await rig.ask("keys", commands("echo key >> ~/.ssh/authorized_keys"));
    const { buttons } = (await asked()) ?? assert.fail("nothing is asked");
    assert.deepEqual(Object.keys(buttons), ["Once", "Deny"]);
    assert.match(await rig.askOn("/approve always"), /only once/);
    assert.match(await press("Deny"), /came: Not run/);
  });

  test("a floor is asked of nobody", async () => {
    const { answer } = await rig.ask("wipe", commands("rm -rf / --no-preserve-root"));
    assert.match(answer, /came: Not run\. .*never runs/);
    assert.equal(await asked(), undefined);
  });

  test("leave waits over a kill and a restart, and two presses run it once", async () => {
    await rig.ask("clean", commands("rm -rf old; echo ran >> ran.log"));
    await rig.restart();
    assert.ok(there());
    const { buttons } = (await asked()) ?? assert.fail("nothing is asked any more");
    const count = await agent();
    await Promise.all([rig.page.press(buttons["Once"] ?? ""), rig.page.press(buttons["Once"] ?? "")]);
    await rig.page.answers(count + 1);
    assert.match((await rig.ask("look", commands("cat ran.log"))).answer, /came: ran$/);
  });

  test("for this session: asked once, then no more; in the next session again", async () => {
    await rig.ask("clean", commands("rm -rf old", "mkdir old; rm -rf old", "echo both"));
    assert.match(await press("This session"), /came: both/);
    assert.match((await rig.ask("again", commands("rm -rf old"))).answer, /May I/);
    await rig.askOn("/deny");
  });

  test("what is judged and shown is where it would run: after a cd, and behind a link", async () => {
    const outside = await mkdtemp(join(await realpath(tmpdir()), "hermes-outside-"));
    await mkdir(join(outside, ".ssh"));
    await symlink(join(outside, ".ssh"), join(workspace, "link"));
    const away = await rig.ask("away", commands(`cd ${outside}/.ssh`, "echo x > config"));
    assert.match(away.answer, new RegExp(`May I run this\\?[^]*in ${outside}/.ssh:[^]*echo x > config[^]*SSH keys`));
    assert.match(await press("Deny"), /Not run/);
    const linked = await rig.ask("linked", (seen, count) =>
      count === 0 ? call("terminal", { command: "echo x > config", workdir: "link" }) : say(`came: ${lastOf(seen)}`),
    );
    assert.match(linked.answer, new RegExp(`in ${outside}/.ssh:`));
    assert.match(await press("Deny"), /Not run/);
    assert.deepEqual(await readdir(join(outside, ".ssh")), []);
    await rm(join(workspace, "link"));
    await rm(outside, { recursive: true });
  });

  test("an answer counts for what was asked: with other variables, another image or another rule it is asked again", async () => {
    const config = join(rig.home, "config.yaml");
    for (const changed of ["terminal: {backend: local, env_passthrough: [FOO]}\n", `${backend}approvals: {deny: ["mkfs*"]}\n`]) {
      await writeFile(config, backend);
      await rig.ask("clean", commands("rm -rf old"));
      await writeFile(config, changed);
      assert.match(await press("Once"), /May I run this/);
      assert.ok(there());
      assert.match(await press("Once"), /came: \(no output\)/);
      await mkdir(join(workspace, "old"));
    }
    await writeFile(config, backend);
  });

  test("always: also in later sessions", async () => {
    await rig.ask("clean", commands("rm -rf old"));
    await press("Always");
    assert.match((await rig.ask("again", commands("rm -rf older"))).answer, /came: \(no output\)/);
  });

  test("what was allowed for longer is listed and taken back in chat, and asked for again at once", async () => {
    const listed = await rig.askOn("/approvals");
    const number = /(\d+): deletes folders[^]*delete_tree, local\); always, allowed by .* on \d{4}-/.exec(listed)?.[1];
    assert.ok(number !== undefined, listed);
    assert.match(await rig.askOn("/approvals revoke 999"), /no number 999/);
    assert.match(await rig.askOn(`/approvals revoke ${number}`), /Taken back/);
    assert.match((await rig.ask("again", commands("rm -rf old"))).answer, /May I/);
    assert.match(await press("Always"), /came/);
  });

  test("and at the command line, while the service runs", async () => {
    const approvals = (...args: string[]) => typed(rig.home, ["approvals", ...args]);
    const { stdout } = await approvals("list");
    const number = /^(\d+): deletes folders .*\(delete_tree, local\), for .*; always, allowed by /m.exec(stdout)?.[1];
    assert.ok(number !== undefined, stdout);
    assert.match((await approvals("revoke", "x")).stderr, /neither a number nor "all"/);
    assert.match((await approvals("revoke", number)).stdout, /Taken back/);
    assert.match((await approvals("revoke", number)).stderr, /no number/);
    assert.match((await approvals("list")).stdout, /Nothing is allowed/);
    assert.match((await rig.ask("again", commands("rm -rf old"))).answer, /May I/);
    await rig.askOn("/deny");
    assert.match(await rig.askOn("/approvals"), /I ask each time/);
  });
});

suite("leave that nobody gives", () => {
  let rig: TalkRig;
  before(async () => {
    rig = await openTalk({ config: `${backend}approvals: {timeout: 5}\n` });
  });
  after(() => rig[Symbol.asyncDispose]());

  test("runs out, fails closed, and the turn goes on", async () => {
    const { answer } = await rig.ask("clean", commands("rm -rf old"));
    assert.match(answer, /May I/);
    const said = await rig.page.answers(2);
    assert.match(said[1] ?? "", /came: Not run: nobody allowed it within 5 seconds/);
    assert.match(said[0] ?? "", /Nobody answered in time/);
  });

  test("with four eyes the one who asked can't give it", async () => {
    await writeFile(join(rig.home, "config.yaml"), `${backend}approvals: {four_eyes: true}\n`);
    await rig.ask("clean", commands("rm -rf old"));
    const shown = await rig.page.history();
    const { buttons } = shown.findLast((item) => "Once" in item.buttons) ?? assert.fail("nothing is asked");
    const said = shown.filter(({ role }) => role === "agent").length;
    await rig.page.press(buttons["Once"] ?? "");
    assert.match((await rig.page.answers(said + 1))[said] ?? "", /needs an owner or admin other than the one who asked/);
  });
});
