import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { after, before, suite } from "node:test";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { Tool } from "../../src/core/tool.ts";
import { patch } from "../../src/tools/patch.ts";
import { readFile } from "../../src/tools/read-file.ts";
import { searchFiles } from "../../src/tools/search-files.ts";
import { tools } from "../../src/tools/index.ts";
import { writeFile } from "../../src/tools/write-file.ts";
import { forms, type Rig, run } from "./sandbox-forms.ts";
import { contextFor } from "./tool-context.ts";

// SSH is left out: it has the same shell code as this host, and each connection takes a third of a second.
const { ssh: _, ...walked } = forms;

for (const [form, openForm] of Object.entries(walked)) {
  suite(`file tools: ${form}`, () => {
    let rig: Rig;
    before(async () => {
      rig = await openForm();
    });
    after(() => rig[Symbol.asyncDispose]());

    test("patch: replaces text and keeps line ends, byte order mark and mode", async () => {
      const desk = await openDesk(rig);
      await desk.write("src/run.sh", "\uFEFFone\r\ntwo\r\nthree");
      await run(desk.sandbox, "chmod 750 src/run.sh");
      const said = await desk.call(patch, { path: "src/run.sh", old_string: "two\nthree", new_string: "2\n3" });
      assert.equal(said, "Changed src/run.sh:\n@@ line 2\n-two\n-three\n+2\n+3");
      assert.equal(await desk.text("src/run.sh"), "\uFEFFone\r\n2\r\n3");
      assert.equal((await run(desk.sandbox, "stat -c %a src/run.sh")).output.trim().slice(-3), "750");
    });

    test("patch: several files, all or nothing", async () => {
      const desk = await openDesk(rig);
      await desk.write("a.txt", "one\ntwo\n");
      await desk.write("b.txt", "bee\n");
      await desk.write("it's old", "x\n");
      const body =
        "*** Update File: a.txt\n@@\n one\n-two\n+2\n*** Update File: b.txt\n*** Move to: sub dir/c.txt\n@@\n-bee\n+sea\n";
      const broken = `*** Begin Patch\n${body}*** Delete File: absent\n*** End Patch`;
      await assert.rejects(desk.call(patch, { mode: "patch", patch: broken }), /no file absent\. Nothing was changed/);
      assert.deepEqual([await desk.text("a.txt"), await desk.text("b.txt")], ["one\ntwo\n", "bee\n"]);
      const whole = `*** Begin Patch\n${body}*** Add File: new/file.txt\n+new\n*** Delete File: it's old\n*** End Patch`;
      const said = await desk.call(patch, { mode: "patch", patch: whole });
      assert.match(
        said,
        /^Changed a\.txt:[^]*Moved b\.txt to sub dir\/c\.txt:[^]*Added new\/file\.txt: 1 line\.\nDeleted it's old: 1 line\.$/,
      );
      assert.deepEqual(
        [await desk.text("a.txt"), await desk.text("sub dir/c.txt"), await desk.text("new/file.txt")],
        ["one\n2\n", "sea\n", "new\n"],
      );
      for (const gone of ["b.txt", "it's old"]) await assert.rejects(desk.text(gone), /no file/);
    });

    test("patch: what was written is undone when a later file can't be", async () => {
      const desk = await openDesk(rig);
      await desk.write("a.txt", "one\n");
      const failing: Sandbox = {
        ...desk.sandbox,
        writeFile: (path, data) =>
          path === "b.txt" ? Promise.reject(new Error("the disk is full.")) : desk.sandbox.writeFile(path, data),
      };
      const text =
        "*** Begin Patch\n*** Add File: new.txt\n+x\n*** Update File: a.txt\n@@\n-one\n+1\n*** Add File: b.txt\n+b\n*** End Patch";
      await assert.rejects(
        patch.run({ mode: "patch", patch: text }, contextFor(failing)),
        /the disk is full\. Nothing was changed/,
      );
      assert.equal(await desk.text("a.txt"), "one\n");
      await assert.rejects(desk.text("new.txt"), /no file/);
    });

    test("patch: nothing outside of the workspace can be changed, moved to or removed", async () => {
      const desk = await openDesk(rig);
      await desk.write("a.txt", "one\n");
      const { sandbox } = desk;
      const out = `/dev/shm/${randomUUID()}`;
      await run(sandbox, `mkdir -p ${out} && echo secret > ${out}/o.txt; ln -s ${out} linked; true`);
      const patches = [
        "*** Delete File: ../workspace-2/o.txt",
        `*** Delete File: ${out}/o.txt`,
        "*** Delete File: linked/o.txt",
        `*** Update File: ${out}/o.txt\n@@\n-secret\n+x`,
        `*** Add File: ../../../../../../../..${out}/made.txt\n+x`,
        "*** Add File: linked/made.txt\n+x",
        `*** Update File: a.txt\n*** Move to: ${out}/moved.txt\n@@\n-one\n+x`,
      ].filter((text) => sandbox.backend !== "virtual" || !text.includes("linked"));
      for (const text of patches) {
        await assert.rejects(desk.call(patch, { mode: "patch", patch: text }), /outside|no file/i, text);
      }
      await assert.rejects(desk.call(patch, { path: `${out}/o.txt`, old_string: "secret", new_string: "x" }), /outside/);
      assert.equal((await run(sandbox, `cat ${out}/*; rm -r ${out}`)).output.trim(), "secret");
      assert.equal(await desk.text("a.txt"), "one\n");
    });

    test("search_files: lines, files, counts, context, globs and pages", async () => {
      const desk = await openDesk(rig);
      await desk.write("src/a.ts", "const a = 1;\nlet foo12;\n// end\n");
      await desk.write("src/deep/b.py", "foo7 = 2\nFOO8\n");
      await desk.write("-n weird 'name'.txt", "foo9\n");
      await desk.write("node_modules/x/index.js", "foo1\n");
      await desk.write(".git/config", "foo1\n");
      await desk.sandbox.writeFile("image.bin", Buffer.from([0, 102, 111, 111, 49, 10]));
      const search = (args: Record<string, unknown>) => desk.call(searchFiles, args);
      const sorted = (text: string) => text.split("\n").toSorted();
      assert.deepEqual(sorted(await search({ pattern: "foo\\d+" })), [
        "-n weird 'name'.txt:1:foo9",
        "src/a.ts:2:let foo12;",
        "src/deep/b.py:1:foo7 = 2",
      ]);
      assert.deepEqual(sorted(await search({ pattern: "foo", output_mode: "files_only" })), [
        "-n weird 'name'.txt",
        "src/a.ts",
        "src/deep/b.py",
      ]);
      assert.deepEqual(sorted(await search({ pattern: "foo|end", output_mode: "count", path: "src" })), [
        "src/a.ts:2",
        "src/deep/b.py:1",
      ]);
      assert.equal(await search({ pattern: "(?i)foo8", file_glob: "*.{py,js}" }), "src/deep/b.py:2:FOO8");
      assert.equal(await search({ pattern: "foo", file_glob: "src/**/*.ts" }), "src/a.ts:2:let foo12;");
      assert.equal(
        await search({ pattern: "foo12", path: "src/a.ts", context: 1 }),
        "src/a.ts-1-const a = 1;\nsrc/a.ts:2:let foo12;\nsrc/a.ts-3-// end",
      );
      assert.equal(await search({ pattern: "foo1", path: "node_modules" }), "node_modules/x/index.js:1:foo1");
      assert.equal(await search({ pattern: "nowhere" }), "Nothing found.");
      assert.equal(await search({ pattern: "*.py", target: "files" }), "src/deep/b.py");
      assert.equal(await search({ pattern: "a.t", target: "files", path: "src" }), "src/a.ts");
      await desk.write("many.txt", Array.from({ length: 9 }, (_value, index) => `row ${index}`).join("\n"));
      assert.equal(
        await search({ pattern: "row", path: "many.txt", limit: 2, offset: 3 }),
        "many.txt:4:row 3\nmany.txt:5:row 4\n[more; go on with offset 5]",
      );
      assert.match(await search({ pattern: "row", path: "many.txt", offset: 9 }), /^Nothing more/);
    });

    test("search_files: clear errors, and nothing in a parameter acts", async () => {
      const desk = await openDesk(rig);
      await desk.write("a.txt", "$(touch hacked) 'x' `y`\n");
      const search = (args: Record<string, unknown>) => desk.call(searchFiles, args);
      await assert.rejects(search({ pattern: "(" }), /no regular expression/);
      await assert.rejects(search({ pattern: "(", offset: 5 }), /no regular expression/);
      await assert.rejects(search({ pattern: "a", path: "absent" }), /no file absent/);
      await assert.rejects(search({ pattern: "root", path: "/etc" }), /outside|no file/);
      await assert.rejects(search({ pattern: "root", path: "../.." }), /outside/);
      await assert.rejects(search({ pattern: "a\nb" }), /Line breaks/);
      const hostile = [
        "$(touch hacked)",
        "`touch hacked`",
        "'; touch hacked; '",
        "--pre=touch",
        "-e x -f /etc/passwd",
        "a;touch hacked",
        "!x",
        "*",
        "-exec touch hacked ;",
        "\\",
        '"',
        "{a,b",
        "[",
        "(?i)",
        "| touch hacked",
        "> hacked",
      ];
      for (const text of hostile) {
        for (const args of [
          { pattern: text },
          { pattern: text, target: "files" },
          { pattern: "x", file_glob: text },
          { pattern: "x", path: text },
          { pattern: "x", path: `a/${text}/..` },
        ]) {
          const ended = await search(args).then(
            (said) => said,
            (thrown: Error) => thrown.message,
          );
          assert.doesNotMatch(ended, /syntax|unexpected|not found|root:/i, JSON.stringify(args));
        }
      }
      assert.match(await search({ pattern: "\\$\\(touch" }), /^a\.txt:1:/);
      assert.equal((await run(desk.sandbox, "ls -A")).output.trim(), "a.txt");
    });

    test("search_files: the session's directory, variables and functions neither matter nor change", async () => {
      const desk = await openDesk(rig);
      await desk.write("sub/a.txt", "foo\n");
      await run(desk.sandbox, "cd sub; export GREP_OPTIONS=-v f=kept; grep() { echo mine; }; find() { echo mine; }");
      assert.equal(await desk.call(searchFiles, { pattern: "foo" }), "sub/a.txt:1:foo");
      assert.match((await run(desk.sandbox, 'pwd; echo "$f"')).output, /\/sub\nkept\n$/);
    });

    test("read_file: names that are alike, directories, what is no text, lines cut between characters", async () => {
      const desk = await openDesk(rig);
      await desk.write("src/config.ts", "x\n");
      await desk.write("src/deep/it's $(touch hacked).ts", "x\n");
      const read = (path: string) => desk.call(readFile, { path });
      await assert.rejects(read("src/confg.ts"), /There is no file src\/confg\.ts\. Did you mean src\/config\.ts\?/);
      await assert.rejects(read("config.ts"), /no file config\.ts\. Did you mean src\/config\.ts\?/);
      await assert.rejects(read("lib/deep/config.ts"), /Did you mean src\/config\.ts\?/);
      await assert.rejects(read("entirely-different"), /There is no file entirely-different\.$/);
      assert.equal(await read("src"), "src is a directory:\nconfig.ts\ndeep/");
      assert.equal(await read("src/deep"), "src/deep is a directory:\nit's $(touch hacked).ts");
      for (const hostile of ["$(touch hacked)", "'; touch hacked; '", "src/*", "-rf"])
        await assert.rejects(read(hostile), /no file/);
      await assert.rejects(read("/etc/absent"), /outside|no file/);
      assert.equal((await run(desk.sandbox, "ls -A")).output.trim(), "src");
      await desk.write("long.txt", `${"a".repeat(1_999)}🙂🙂`);
      assert.match(await read("long.txt"), /^1\|a{1999}\[\.\.\. 4 characters cut\]$/);
    });

    test("write_file: says once that a file has changed since it was read", async () => {
      const desk = await openDesk(rig);
      await desk.write("a.txt", "one\n");
      const write = () => desk.call(writeFile, { path: "a.txt", content: "mine\n" });
      await desk.call(readFile, { path: "a.txt" });
      await run(desk.sandbox, "echo theirs > a.txt");
      await assert.rejects(write(), /has changed since you read it\. Nothing was written/);
      assert.equal(await desk.text("a.txt"), "theirs\n");
      assert.match(await write(), /^Wrote a\.txt/);
      await desk.call(patch, { path: "a.txt", old_string: "mine", new_string: "ours" });
      assert.match(await write(), /^Wrote a\.txt/);
    });

    test("a result that is too long is kept in a file, secrets hidden, and shown by its beginning and end", async () => {
      const desk = await openDesk(rig);
      const context = contextFor(desk.sandbox, { resultChars: 2_000 });
      const terminal = tools.find(({ name }) => name === "terminal");
      assert.ok(terminal);
      const long = () => terminal.run({ command: "echo begin; echo password=hunter2hunter2; seq 1 3000; echo end" }, context);
      const [said] = [await long(), await long()];
      assert.ok(said.length <= 2_000);
      assert.match(
        said,
        /^begin\n[^]*characters cut here; all \d+ are in \.hermes\/results\/terminal-1\.txt: read_file or search_files it \.\.\.\][^]*end$/,
      );
      const whole = await desk.text(".hermes/results/terminal-2.txt");
      assert.match(whole, /^begin\npassword=\[hidden\]\n1\n2\n[^]*\n1500\n[^]*\n3000\nend$/);
      await desk.write(".hermes/results/search_files-40.txt", "x");
      assert.match(await long(), /terminal-41\.txt/);
      assert.equal((await run(desk.sandbox, "ls .hermes/results")).output, "search_files-40.txt\nterminal-41.txt\n");
    });

    test("a result that is too long is cut where no file can be written", async () => {
      const desk = await openDesk(rig);
      const full: Sandbox = { ...desk.sandbox, writeFile: () => Promise.reject(new Error("the disk is full.")) };
      const said = await tools
        .find(({ name }) => name === "terminal")
        ?.run({ command: "seq 1 3000" }, contextFor(full, { resultChars: 2_000 }));
      assert.match(said ?? "", /characters cut here; use a narrower command/);
    });

    test("patch: the more often it fails on a file, the more it advises", async () => {
      const desk = await openDesk(rig);
      await desk.write("a.txt", "one\n");
      const failed = () =>
        desk
          .call(patch, { path: "a.txt", old_string: "nowhere at all", new_string: "x" })
          .catch((thrown: Error) => thrown.message);
      assert.doesNotMatch(await failed(), /has failed/);
      assert.match(await failed(), /failed 2 times: read the file again/);
      await failed();
      assert.match(await failed(), /failed 4 times: write the whole file with write_file/);
      await desk.call(patch, { path: "a.txt", old_string: "one", new_string: "1" });
      assert.doesNotMatch(await failed(), /has failed/);
    });

    if (form !== "virtual") {
      test("search_files: links out of the workspace are not followed", async () => {
        const desk = await openDesk(rig);
        const out = `/dev/shm/${randomUUID()}`;
        await run(
          desk.sandbox,
          `mkdir -p ${out}; echo foo > ${out}/o.txt; ln -s ${out} out; ln -s ${out}/o.txt o.txt; mkdir in; echo foo > in/i.txt; ln -s in inner`,
        );
        assert.equal(await desk.call(searchFiles, { pattern: "foo" }), "in/i.txt:1:foo");
        assert.equal(await desk.call(searchFiles, { pattern: "foo", path: "inner" }), "inner/i.txt:1:foo");
        await assert.rejects(desk.call(searchFiles, { pattern: "foo", path: "out" }), /outside/);
        await assert.rejects(desk.call(searchFiles, { pattern: "foo", path: "o.txt" }), /no file o\.txt/);
        await run(desk.sandbox, `rm -r ${out}`);
      });
    }
  });
}

/** A sandbox without files, and the tools at work in it as in one turn. */
async function openDesk(rig: Rig) {
  const sandbox = await rig.open("alice", randomUUID());
  await run(sandbox, "chmod -R u+rwx . 2>/dev/null; rm -rf ./* ./.[!.]*");
  const context = contextFor(sandbox);
  return {
    sandbox,
    call: (tool: Tool, args: Record<string, unknown>) => tool.run(args, context),
    write: (path: string, text: string) => sandbox.writeFile(path, Buffer.from(text)),
    text: async (path: string) => Buffer.from(await sandbox.readFile(path, 1e6)).toString(),
  };
}
