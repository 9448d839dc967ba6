import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { call, say, type Seen } from "../doubles/model-server.ts";
import { debianImage, dockerHost } from "../services/docker.ts";
import { type Sshd, startSshd } from "../services/sshd.ts";
import { openTalk, openTalkApart, type Script, type TalkRig } from "./talk-rig.ts";
import { typed } from "./typed.ts";

const path = "sums/total.py";
const command = "python3 sums/total.py";
/** It takes its time: one that is done at the first look leaves nothing to wait for. */
const content = [
  "import os, time",
  "time.sleep(0.7)",
  "def total(numbers):",
  "    return sum(numbers) + '!'",
  "os.makedirs('sums/made', exist_ok=True)",
  "open('sums/made/log', 'a').write('run\\n')",
  "print('total', total([1, 2, 39]))",
  "",
].join("\n");
const wrong = "    return sum(numbers) + '!'";
const right = "    return sum(numbers)";

/** Writes the program, runs it in the background, waits, mends it, runs it again, tidies up, reports. */
const working: Script = (seen) => {
  const run = () => call("terminal", { command, background: true, notify_on_complete: true });
  const results = resultsOf(seen);
  const steps = [
    () => call("write_file", { path, content }),
    run,
    () => call("process", { action: "wait", pid: begun(results[1]), timeout: 20 }),
    () => call("patch", { path, old_string: wrong, new_string: right }),
    run,
    () => call("process", { action: "wait", session_id: begun(results[4]), timeout: 20 }),
    () => call("process", { action: "log", id: begun(results[4]) }),
    () => call("file", { action: "read", path: "sums/made/log" }),
    () => call("terminal", { command: "rm -rf sums/made && ls sums" }),
  ];
  const report = () => say(`The program is done. It says: ${/^total .*$/m.exec(`${results[4]}\n${results[5]}`)?.[0]}`);
  return (steps[results.length] ?? report)();
};

const begun = (result: string | undefined): string => /Process (p\w+) /.exec(result ?? "")?.[1] ?? "none";

function resultsOf(seen: Seen | undefined): string[] {
  return (seen?.body.messages ?? []).filter(({ role }) => role === "tool").map(({ content }) => String(content));
}

/** One service whose backend is changed at the command line while it runs, and back, as the seeds' roll-back does. */
suite("the agent writes, runs, waits for, mends and reports a program, wherever its commands run", () => {
  let rig: TalkRig;
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
    const terminal = [
      `  docker_image: ${debianImage}`,
      `  ssh_host: 127.0.0.1`,
      `  ssh_port: ${sshd.port}`,
      `  ssh_user: ${sshd.user}`,
      `  ssh_key: ${sshd.key}`,
      `  ssh_known_hosts: ${sshd.knownHosts}`,
    ];
    const config = `terminal:\n  backend: virtual\n${terminal.join("\n")}\n`;
    rig = await openTalk({ config, env: { DOCKER_HOST: await dockerHost() } });
  });
  after(async () => {
    await rig[Symbol.asyncDispose]();
    await sshd[Symbol.asyncDispose]();
  });

  const turnTo = async (backend: string): Promise<void> => {
    const { stdout } = await typed(rig.home, ["config", "set", "terminal.backend", backend]);
    assert.match(stdout, /counts from the next message on/);
  };
  /** Lets run what is asked for, until the turn is over; the answer. */
  const allowing = async (): Promise<string> => {
    const history = await rig.page.history();
    const asked = history.findLast((item) => item.role === "agent");
    const once = asked?.buttons["Once"] ?? assert.fail(`nothing is asked: ${JSON.stringify(asked)}`);
    assert.match(asked?.text ?? "", /May I run this\?[^]*rm -rf sums\/made/);
    const said = history.filter((item) => item.role === "agent").length;
    await rig.page.press(once);
    return (await rig.page.answers(said + 1))[said] ?? "";
  };

  const walk = async (asks: RegExp | null) => {
    const first = await rig.ask("write me a program", working);
    if (asks !== null) assert.match(first.answer, asks);
    const answer = asks === null ? first.answer : await allowing();
    const results = resultsOf(rig.model.seen.at(-1));
    // On a slow machine one has ended at the first look, and its output stands there already.
    const [started, waited, again, waitedAgain] = [1, 2, 4, 5].map((at) => results[at] ?? "");
    assert.match(`${started}\n${waited}`, /TypeError/);
    assert.match(`${again}\n${waitedAgain}`, /^total 42$/m);
    const expected = [
      /^(Wrote|Created|Made)/,
      /You will be told of its end|has ended, exit code 1/,
      /\[p\w+ ended with exit code 1 after/,
      new RegExp(`^[^]*-${escaped(wrong)}|${escaped(right)}`),
      /You will be told of its end|has ended, exit code 0/,
      /\[p\w+ ended with exit code 0 after/,
      /^total 42\n\[Lines 1 to 1 of 1\. /,
      /run\n.*run/,
      /^total\.py$/,
    ];
    assert.equal(results.length, expected.length, results.join("\n---\n"));
    for (const [at, pattern] of expected.entries()) assert.match(results[at] ?? "", pattern);
    assert.match(answer, /^The program is done\. It says: total 42$/);
  };

  test("virtual", () => walk(null));

  test("local, where a person allows the tidying up", async () => {
    await turnTo("local");
    await walk(/on this host itself/);
  });

  test("docker", async () => {
    await turnTo("docker");
    await walk(null);
  });

  test("ssh, where a person allows the tidying up", async () => {
    await turnTo("ssh");
    await walk(/on the SSH host/);
  });

  test("back to the first, in a conversation that goes on: it is told, and finds the files it left there", async () => {
    const look = (seen: Seen, command: string) => {
      const last = seen.body.messages.at(-1);
      return last?.role === "tool" ? say(String(last.content)) : call("terminal", { command });
    };
    const commands = ["pwd; ls sums", "pwd; ls sums; python3 sums/total.py"];
    const script = (seen: Seen) => look(seen, commands[resultsOf(seen).length] ?? "");
    assert.match((await rig.ask("where are we?", script)).answer, /\/workspaces?\/\S+\s+total\.py$/);
    await turnTo("virtual");
    const answer = await rig.askOn("and now?");
    assert.match(answer, /^\[Commands run elsewhere now, with other files: [^\]]+\]\s+\/workspace\s+total\.py\s+total 42$/);
  });
});

test("what a command prints of secrets reaches neither the model nor the chat nor the log, nor the files of long results", async () => {
  const secret = "abcdefghijklmnopqrstuvwxyz0123";
  await using rig = await openTalkApart({ config: "terminal: {backend: virtual}\nlogging: {level: debug}\n" });
  const commands = [`printf 'sk-%s\\n' ${secret}`, `for n in $(seq 1 4000); do printf 'sk-%s\\n' ${secret}; done`];
  // The model itself must not write it, as one would see it in its own call.
  const hide = (command: string) => command.replace(secret, `${secret.slice(0, 4)}""${secret.slice(4)}`);
  const { answer, seen } = await rig.ask("print it", (request) => {
    const results = resultsOf(request);
    const command = commands[results.length];
    if (command !== undefined) return call("terminal", { command: hide(command) });
    return results.length === 2 ? call("read_file", { path: ".hermes/results/terminal-1.txt" }) : say(results.join("\n"));
  });
  const results = resultsOf(seen.at(-1));
  assert.match(results[0] ?? "", /^\[hidden\]$/);
  assert.match(results[1] ?? "", /^\[hidden\]\n[^]*all \d+ are in \.hermes\/results\/terminal-1\.txt/);
  assert.match(results[2] ?? "", /\|\[hidden\]\n/);
  assert.match(answer, /\[hidden\]/);
  for (const text of [answer, ...results, rig.hermes.output()]) assert.ok(!text.includes(secret), text.slice(0, 500));
});

const escaped = (text: string): string => text.replaceAll(/[^\w\s]/g, String.raw`\$&`);
