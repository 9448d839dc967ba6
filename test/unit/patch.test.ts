import assert from "node:assert/strict";
import test, { suite } from "node:test";
import fc from "fast-check";
import { diffOf } from "../../src/tools/patch/diff.ts";
import { hunkEdits } from "../../src/tools/patch/hunks.ts";
import { findPlaces } from "../../src/tools/patch/matcher.ts";
import { parsePatch } from "../../src/tools/patch/parser.ts";
import { replacements } from "../../src/tools/patch/replace.ts";
import { edited, editedText, PatchError, textFile } from "../../src/tools/patch/text-file.ts";

const code = `import os

def first(a):
    if a:
        return 1
    return 2

def second(b):
    if b:
        return 1
    return 3
`;

function replaced(text: string, old: string, fresh: string, everywhere = false): string {
  return editedText(text, replacements("f.py", text, old, fresh, everywhere).edits);
}

suite("patch: replacing text", () => {
  test("letter by letter, a part of a line as well as several lines", () => {
    assert.equal(replaced("one two three\n", "two", "2"), "one 2 three\n");
    assert.equal(replaced(code, "    return 2\n", "    return 4\n"), code.replace("return 2", "return 4"));
    assert.equal(replaced("a $& b", "$&", "$1"), "a $1 b");
    assert.equal(replaced("a\na\nb\n", "a", "c", true), "c\nc\nb\n");
  });

  const forgiven: readonly (readonly [string, string, string, string, string])[] = [
    ["space around lines", "  if x:\n    go()  \n", "if x:\ngo()", "if y:\nstop()", "  if y:\n    stop()\n"],
    [
      "indentation, kept as the file has it",
      "\tif x:\n\t\tgo()\n",
      "    if x:\n        go()",
      "    if x:\n        go()\n        stop()",
      "\tif x:\n\t\tgo()\n\t\tstop()\n",
    ],
    ["runs of spaces", "let  x   = 1;\n", "let x = 1;", "let x = 2;", "let x = 2;\n"],
    ["runs of spaces within a line", "a(); let  x   = 1; b();\n", "let x = 1;", "let x = 2;", "a(); let x = 2; b();\n"],
    ["escapes", "one\n\ttwo\nthree\n", "one\\n\\ttwo", "1\\n\\t2", "1\n\t2\nthree\n"],
    ["blank lines around it", "a\nb\nc\n", "\n\nb\n\n", "\n\nB\n\n", "a\nB\nc\n"],
    ["quotes and dashes", "say(“hi” – it’s)\n", 'say("hi" - it\'s)', "say(x)", "say(x)\n"],
    [
      "first and last line",
      "begin\n  the middle is like this\n  and so on it goes\nend\nrest\n",
      "begin\n  the middle is like that\n  and so on it goes\nend",
      "gone",
      "gone\nrest\n",
    ],
    [
      "lines much like it",
      "x\nfunction area(width, height) {\n  return width * height;\n} // area\n",
      "function area(widths, height) {\n  return width * height\n} // areas",
      "y",
      "x\ny\n",
    ],
    ["no end after the last line", "a\nb", "b\n", "c\n", "a\nc"],
  ];
  for (const [what, text, old, fresh, expected] of forgiven) {
    test(`forgives ${what}`, () => assert.equal(replaced(text, old, fresh), expected));
  }

  test("says how many places there are and where, and changes none of them", () => {
    assert.throws(() => replaced(code, "return 1", "x"), /in f\.py 2 times: lines 5, 10\. Nothing was changed/);
    assert.throws(() => replaced("aaa", "aa", "b"), /2 times/);
    assert.throws(() => replaced("  a\n\ta\n", "a \n", "b"), /2 times \(apart from the space around lines\): lines 1, 2/);
    assert.throws(() => replaced("begin\nabc def\nend\nbegin\nabc dee\nend\n", "begin\nabc deg\nend", "x"), PatchError);
  });

  test("shows the nearest lines where there is no such text, and whether it is done already", () => {
    assert.throws(() => replaced(code, "return 22 or so", "x"), /not in f\.py[^]*Nearest lines:\n\d+\| +return/);
    assert.throws(() => replaced(code, "completely other", "x"), /Nothing in it is much like it/);
    assert.throws(() => replaced(code, "return 22", "return 3"), /but new_string is, at line 11: perhaps it is done/);
    assert.throws(() => replaced(code, "", "x"), /old_string is empty/);
    assert.throws(() => replaced(code, "a", "a"), /the same/);
    // Another block between the same anchors is not what was meant.
    assert.throws(() => replaced("begin\nsomething else\nend\n", "begin\nwhat was here before\nend", "x"), /not in/);
  });

  test("keeps byte order mark, line ends, mixed ones too, and a missing last one", () => {
    const changed = (raw: string, old: string, fresh: string) => {
      const file = textFile("f", Buffer.from(raw));
      return Buffer.from(edited(file, replacements("f", file.text, old, fresh, false).edits)).toString();
    };
    assert.equal(changed("\uFEFFa\r\nb\r\nc", "b\nc", "x\ny\nz"), "\uFEFFa\r\nx\r\ny\r\nz");
    assert.equal(changed("a\nb\r\nc\nd\r\n", "c", "x"), "a\nb\r\nx\nd\r\n");
    assert.equal(changed("a\nb\r\nc\nd\r\n", "d\n", "d\ne\n"), "a\nb\r\nc\nd\r\ne\r\n");
    assert.equal(changed("a\rb\n", "b", "c"), "a\rc\n");
    assert.throws(() => textFile("f", Buffer.from([1, 0, 2])), /not text/);
    assert.throws(() => textFile("f", Buffer.from([0xe4, 0x20])), /not UTF-8/);
  });

  test("any unique text: as String.replace does it", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "\t", "ä", "$", "\\"), maxLength: 40 });
    fc.assert(
      fc.property(word, word, word, word, (before, old, after, fresh) => {
        const text = before + old + after;
        fc.pre(old !== "" && old !== fresh && text.indexOf(old) === text.lastIndexOf(old));
        assert.equal(
          replaced(text, old, fresh),
          text.replace(old, () => fresh),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test("however it was found, nothing outside of the lines of the place changes, in any kind of file", () => {
    const line = fc.string({ unit: fc.constantFrom("a", "b", " ", "  ", "\t", "“", '"', "–", "-"), maxLength: 8 });
    const text = fc.tuple(fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")), { maxLength: 12 }), line, fc.boolean());
    const old = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, old, line, ([lines, last, bom], sought, fresh) => {
        const raw = (bom ? "\uFEFF" : "") + lines.map((parts) => parts.join("")).join("") + last;
        const file = textFile("f", Buffer.from(raw));
        const { edits } = findPlaces(file.text, sought, fresh);
        for (const edit of edits) {
          const made = Buffer.from(edited(file, [edit])).toString();
          const head = raw.split("\n").slice(0, file.text.slice(0, edit.start).split("\n").length - 1);
          const tail = raw.split("\n").slice(file.text.slice(0, edit.end).split("\n").length);
          assert.ok(made.startsWith(head.map((each) => `${each}\n`).join("")));
          assert.ok(made.endsWith(tail.map((each) => `\n${each}`).join("")));
          assert.equal(made.replaceAll("\r\n", "\n").replace(/^\uFEFF/, ""), editedText(file.text, [edit]));
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

suite("patch: several files at once", () => {
  const applied = (text: string, patch: string): string => {
    const [change] = parsePatch(patch);
    assert.ok(change?.type === "update");
    return editedText(text, hunkEdits("f.py", text, change.hunks));
  };
  const update = (body: string) => `*** Begin Patch\n*** Update File: f.py\n${body}\n*** End Patch`;

  test("reads every kind of change", () => {
    const changes = parsePatch(
      "*** Begin Patch\n*** Add File: a b.txt\n+one\n+\n+two\n*** Delete File: old\n*** Update File: x\n*** Move to: y\n@@ class A\n@@ def f\n same\n-out\n+in\n*** End of File\n*** Move File: p -> q\n*** End Patch\n",
    );
    assert.deepEqual(changes, [
      { type: "add", path: "a b.txt", lines: ["one", "", "two"] },
      { type: "delete", path: "old" },
      {
        type: "update",
        path: "x",
        to: "y",
        hunks: [
          {
            under: ["class A", "def f"],
            lines: [
              { kind: "same", text: "same" },
              { kind: "out", text: "out" },
              { kind: "in", text: "in" },
            ],
            atEnd: true,
            number: 9,
          },
        ],
      },
      { type: "update", path: "p", to: "q", hunks: [] },
    ]);
  });

  test("forgives a missing frame, a code fence, line numbers behind @@ and empty lines for the eye", () => {
    const expected = code.replace("return 2", "return 4");
    assert.equal(applied(code, "*** Update File: f.py\n@@\n-    return 2\n+    return 4\n"), expected);
    assert.equal(
      applied(
        code,
        `\`\`\`\n${update("@@ -5,3 +5,3 @@\n         return 1\n-    return 2\n+    return 4\n\n def second(b):\n\n")}\n\`\`\``,
      ),
      expected,
    );
  });

  test("a hunk under a named line, at the end, with other indentation, and one that only adds", () => {
    assert.equal(
      applied(code, update("@@ def second(b):\n-        return 1\n+        return 9")),
      code.replace(/(second[^]*)return 1/, "$1return 9"),
    );
    assert.equal(applied("a\nb\na\n", update("@@\n-a\n+c\n*** End of File")), "a\nb\nc\n");
    assert.equal(applied("\tif x:\n\t\tgo()\n", update("@@\n if x:\n-    go()\n+    stop()")), "\tif x:\n\t\tstop()\n");
    assert.equal(applied("a\nb", update("@@\n+c")), "a\nb\nc");
    assert.equal(applied("a\nb\n", update("@@ a\n+c")), "a\nc\nb\n");
    assert.equal(applied("a\nb", update("@@\n a\n-b")), "a");
  });

  test("a place that is not clear or not there is an error that names it", () => {
    assert.throws(
      () => applied(code, update("@@\n-        return 1\n+x")),
      /Hunk 1 for f\.py \(line 3 of the patch\): its lines are there 2 times, at lines 5, 10/,
    );
    assert.throws(
      () => applied(code, update("@@\n-    return 22\n+x")),
      /its lines are not there: "    return 22"[^]*Nearest lines:/,
    );
    assert.throws(() => applied(code, update("@@ def third\n-    return 2\n+x")), /no line "def third" \(behind @@\)/);
    assert.throws(() => applied(code, update("@@ return 1\n+x")), /2 times, at lines 5, 10/);
    // Hunks stand in order.
    assert.throws(() => applied("a\nb\nc\n", update("@@\n-b\n+x\n@@\n-a\n+y")), /not there after line 2/);
  });

  test("what is no patch is refused with its line", () => {
    assert.throws(() => parsePatch(""), /names no file/);
    assert.throws(() => parsePatch("*** Begin Patch\nhello\n*** End Patch"), /Line 2 of the patch belongs to no file: hello/);
    assert.throws(() => parsePatch(update("@@\nhello")), /Line 4 of the patch, in f\.py, begins with neither/);
    assert.throws(
      () => parsePatch("*** Begin Patch\n*** Add File: x\nhello\n*** End Patch"),
      /Line 3 of the patch, in the new file x, must begin with \+/,
    );
    assert.throws(() => parsePatch("*** Begin Patch\n*** Update File: x\n*** End Patch"), /no hunk/);
    assert.throws(() => parsePatch("*** Add File:\n+x"), /names no file/);
  });

  test("whatever it is given, the reader throws its own error only", () => {
    const part = fc.constantFrom(
      "*** Begin Patch",
      "*** End Patch",
      "*** Update File: a",
      "*** Add File: b",
      "*** Delete File: c",
      "*** Move to: d",
      "*** Move File: a -> b",
      "*** End of File",
      "@@",
      "@@ x",
      " a",
      "-b",
      "+c",
      "",
      "```",
      "\r",
      "***",
    );
    const any = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.oneof(part, fc.string()), { maxLength: 20 }).map((lines) => lines.join("\n")),
    );
    fc.assert(
      fc.property(any, fc.string(), (patch, text) => {
        try {
          for (const change of parsePatch(patch)) if (change.type === "update") hunkEdits("f", text, change.hunks);
        } catch (thrown) {
          assert.ok(thrown instanceof PatchError, String(thrown));
        }
      }),
      { numRuns: 1_500 },
    );
  });

  test("a patch made from two texts turns the one into the other, or says that its place is not clear", () => {
    const line = fc.constantFrom("a", "b", "c", "d", "", " e", "\tf", "-g", "+h", "@@", "*** End Patch ", "*** Add File: x");
    const text = fc.array(line, { maxLength: 14 });
    let whole = 0;
    fc.assert(
      fc.property(text, text, fc.nat(3), fc.boolean(), (before, after, context, closed) => {
        const join = (lines: readonly string[]) => lines.join("\n") + (closed && lines.length > 0 ? "\n" : "");
        fc.pre(closed || (before.at(-1) !== "" && after.at(-1) !== "" && before.length > 0));
        const hunks = hunksBetween(before, after, context);
        if (hunks === "") return;
        const change = () => applied(join(before), update(hunks));
        if (context === 3) {
          try {
            assert.equal(change(), join(after));
            whole += 1;
          } catch (thrown) {
            assert.ok(thrown instanceof PatchError && /times/.test(thrown.message), String(thrown));
          }
        } else {
          assert.equal(applied(join(before), update(hunksBetween(before, after, Number.POSITIVE_INFINITY))), join(after));
        }
      }),
      { numRuns: 3_000 },
    );
    assert.ok(whole > 100, `${whole} with parted hunks`);
  });
});

suite("patch: the diff", () => {
  test("names lines as they are afterwards, leaves out what stays, and is cut when long", () => {
    const shown = (text: string, old: string, fresh: string) => diffOf(text, replacements("f", text, old, fresh, true).edits);
    assert.equal(shown("a\nb b\nc\nb\n", "b", "x\ny"), "@@ line 2\n-b b\n+x\n+y x\n+y\n@@ line 6\n-b\n+x\n+y");
    assert.equal(shown("a\nb\nc\n", "a\nb\nc", "a\nc"), "@@ line 2\n-b");
    const long = shown("a\n", "a", Array.from({ length: 500 }, (_value, index) => `${index}`.repeat(200)).join("\n"));
    assert.ok(long.length < 6_000, `${long.length}`);
  });
});

/** Hunks that turn one list of lines into the other, with so many lines around each. */
function hunksBetween(before: readonly string[], after: readonly string[], context: number): string {
  const script = scriptBetween(before, after);
  const near = (at: number) => script.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== " ");
  let hunks = "";
  let open = false;
  for (const [at, { kind, text }] of script.entries()) {
    if (!near(at)) open = false;
    else {
      if (!open) hunks += "@@\n";
      open = true;
      hunks += `${kind}${text}\n`;
    }
  }
  return script.every(({ kind }) => kind === " ") ? "" : hunks.replace(/\n$/, "");
}

function scriptBetween(before: readonly string[], after: readonly string[]): { kind: " " | "-" | "+"; text: string }[] {
  const [first, ...rest] = before;
  const [next, ...others] = after;
  if (first === undefined) return after.map((text) => ({ kind: "+", text }));
  if (next === undefined) return before.map((text) => ({ kind: "-", text }));
  if (first === next) return [{ kind: " ", text: first }, ...scriptBetween(rest, others)];
  return after.includes(first)
    ? [{ kind: "+", text: next }, ...scriptBetween(before, others)]
    : [{ kind: "-", text: first }, ...scriptBetween(rest, after)];
}
