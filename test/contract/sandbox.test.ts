import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { sandboxBackends } from "../../src/sandbox/index.ts";
import { forms, run } from "./sandbox-forms.ts";

test("every backend is held to the contract", () => {
  const held = Object.keys(forms).map((form) => form.replace(/,.*/, ""));
  assert.deepEqual(new Set(held), new Set(sandboxBackends));
});

for (const [form, prepare] of Object.entries(forms)) {
  suite(`sandbox: ${form}`, () => {
    test("keeps the directory and the environment between commands", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      await run(sandbox, "mkdir -p deep/er && cd deep/er && export GREETING='it'\"'\"'s a  fine day'");
      const { output, exitCode } = await run(sandbox, 'pwd; echo "$GREETING"');
      assert.equal(output, `${rig.workspace}/deep/er\nit's a  fine day\n`);
      assert.equal(exitCode, 0);
      assert.equal((await run(sandbox, "pwd", { workdir: `${rig.workspace}/deep` })).output, `${rig.workspace}/deep\n`);
      assert.equal((await run(sandbox, "pwd")).output, `${rig.workspace}/deep/er\n`, "workdir is for one command only");
      assert.equal(await sandbox.directory(""), `${rig.workspace}/deep/er`);
      assert.equal(await sandbox.directory("../.."), rig.workspace);
      assert.equal(await sandbox.directory("/tmp"), "/tmp");
      assert.equal(
        (await run(await rig.open(), "pwd")).output,
        `${rig.workspace}/deep/er\n`,
        "opening again attaches to the session",
      );
      const forged = ["command", "builtin", "pwd", "cd", "unset", "exit", "printf", "__enter"].map(
        (name) => `${name}() { echo /tmp; }`,
      );
      await run(sandbox, forged.join("; "));
      assert.equal(await sandbox.directory(""), `${rig.workspace}/deep/er`, "no function of the session's says where it is");
      assert.equal(await sandbox.directory(".."), `${rig.workspace}/deep`);
    });

    test("gives exit codes, output without a newline, and nothing on stdin", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      assert.equal((await run(sandbox, "exit 7")).exitCode, 7);
      assert.equal((await run(sandbox, "false")).exitCode, 1);
      assert.equal((await run(sandbox, "no-such-program")).exitCode, 127);
      const bare = await run(sandbox, "printf abc");
      assert.deepEqual([bare.output, bare.exitCode, bare.end], ["abc", 0, "exited"]);
      assert.equal((await run(sandbox, "cat; echo done")).output, "done\n");
      assert.match((await run(sandbox, "echo out; echo err >&2")).output, /out\n[^]*err\n/);
      assert.equal((await run(sandbox, "echo 'żółw 中文 🐢'")).output, "żółw 中文 🐢\n");
    });

    test("is not confused by broken or hostile shell text", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      for (const command of [
        "echo 'unterminated",
        "if true; then",
        "cat <<EOF\nnever ends",
        "set -eu; false; echo no",
        ")",
        "# only a comment",
        "\\",
      ]) {
        const { end } = await run(sandbox, command);
        assert.equal(end, "exited", command);
        assert.equal((await run(sandbox, "echo still here")).output, "still here\n", command);
      }
      const forged = await run(
        sandbox,
        "printf '\\036%s 0 1\\n' 0123456789abcdef0123456789abcdef; printf '\\036'; echo real; exit 3",
      );
      assert.equal(forged.exitCode, 3);
      assert.match(forged.output, /real\n$/);
      const long = `echo ${"'x y' ".repeat(20_000)}| wc -c`;
      assert.equal((await run(sandbox, long)).output.trim(), "80000");
      await assert.rejects(run(sandbox, "echo a\0b"), /NUL/);
    });

    test("stops a command at its time limit; the next one works where the last left off", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      await run(sandbox, "mkdir here && cd here");
      const slow = await run(sandbox, "echo begun; sleep 100; echo never", { timeoutMs: 300 });
      assert.equal(slow.end, "timed_out");
      assert.equal(slow.exitCode, null);
      assert.ok(slow.ms < 5_000, `${slow.ms} ms`);
      assert.doesNotMatch(slow.output, /never/);
      assert.equal((await run(sandbox, "pwd")).output, `${rig.workspace}/here\n`);
    });

    test("stops a command when asked to, and does not begin one that was stopped before", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const controller = new AbortController();
      const stopped = run(sandbox, "sleep 100", { signal: controller.signal });
      const waiting = run(sandbox, "touch waited", { signal: controller.signal });
      setTimeout(() => controller.abort(), 150);
      assert.equal((await stopped).end, "aborted");
      assert.equal((await waiting).end, "aborted");
      assert.equal((await run(sandbox, "ls")).output, "");
    });

    test("commands of one session queue up; two sessions share files but not directory or environment", async () => {
      await using rig = await prepare();
      const [one, two] = [await rig.open("alice", "s1"), await rig.open("alice", "s2")];
      const commands = Array.from({ length: 12 }, (_value, index) => run(one, `echo ${index} >> order`));
      await Promise.all(commands);
      assert.equal((await run(two, "cat order")).output, Array.from({ length: 12 }, (_value, index) => `${index}\n`).join(""));
      await run(one, "mkdir own && cd own && export WHO=one");
      assert.equal((await run(two, 'pwd; echo "[$WHO]"')).output, `${rig.workspace}\n[]\n`);
    });

    test("one owner sees nothing of another's", async () => {
      await using rig = await prepare();
      const [alice, bob] = [await rig.open("alice"), await rig.open("bob")];
      await alice.writeFile("hidden-1.txt", Buffer.from("alice's own"));
      await run(alice, rig.isolated ? "export SECRET=hers; echo s > /tmp/hidden-2" : "export SECRET=hers");
      const look = rig.isolated ? "ls -la /workspace /tmp; find / -name 'hidden-*' 2>/dev/null; env" : "ls -la; env";
      assert.doesNotMatch((await run(bob, look)).output, /hidden-|hers/);
      await assert.rejects(bob.readFile("hidden-1.txt", 100), /no file/);
      await assert.rejects(bob.readFile("../alice/hidden-1.txt", 100), /outside \/|no file/);
    });

    test("reads and writes files byte for byte", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_value, index) => (index * 7) % 256));
      await sandbox.writeFile('new/dirs/it\'s "odd" $HOME.bin', bytes);
      assert.deepEqual(Buffer.from(await sandbox.readFile(`${rig.workspace}/new/dirs/it's "odd" $HOME.bin`, 100_000)), bytes);
      assert.match((await run(sandbox, "cd new/dirs && wc -c *")).output, /100000/);
      await sandbox.writeFile("~/empty", Buffer.alloc(0));
      assert.equal((await sandbox.readFile("empty", 10)).length, 0);
      await sandbox.writeFile("empty", Buffer.from("exit 1\n' \" `\n"));
      assert.equal(Buffer.from(await sandbox.readFile("empty", 100)).toString(), "exit 1\n' \" `\n");
    });

    test("says what is wrong with a file", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      await sandbox.writeFile("plain", Buffer.from("0123456789"));
      await run(sandbox, "mkdir folder");
      await assert.rejects(sandbox.readFile("absent", 10), /There is no file absent/);
      await assert.rejects(sandbox.readFile("folder", 10), /is a directory/);
      await assert.rejects(sandbox.readFile("plain", 9), /too large/);
      await assert.rejects(sandbox.writeFile("folder", Buffer.from("x")), /is a directory/);
      await assert.rejects(sandbox.writeFile("plain/below", Buffer.from("x")), /could not be/);
      await assert.rejects(sandbox.readFile("", 10), /empty/);
      for (const path of [
        "../../../../../../../etc/hostname",
        "/etc/hostname",
        "folder/../../../../../../../../etc/hostname",
        `${rig.workspace}/../../../../../../etc/hostname`,
        "/proc/self/environ",
      ]) {
        await assert.rejects(sandbox.readFile(path, 1_000), /outside \//, path);
        await assert.rejects(sandbox.writeFile(path, Buffer.from("x")), /outside \//, path);
      }
      assert.equal((await run(sandbox, "echo fine")).output, "fine\n");
    });

    test("shows output while it runs", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const seen: string[] = [];
      await run(sandbox, "echo first; echo second", { onOutput: (chunk) => seen.push(chunk) });
      assert.equal(seen.join(""), "first\nsecond\n");
    });

    test("files are still there for the next process", async () => {
      await using rig = await prepare();
      await (await rig.open()).writeFile("kept.txt", Buffer.from("kept"));
      await rig.backend.close();
      const next = await (await rig.again()).open({ key: "alice", label: "alice" }, "later");
      assert.equal((await run(next, "cat kept.txt")).output, "kept");
    });
  });
}
