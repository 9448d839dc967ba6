import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { attached, mediaIn } from "../../src/agent/attachments.ts";
import { languages } from "../../src/commands/languages/index.ts";
import type { Sandbox } from "../../src/core/sandbox.ts";

test("files are named on lines of their own, in the forms that models write, and not in code", () => {
  const { words, paths } = mediaIn(
    'Here:\nMEDIA:/workspace/a b.png\n- MEDIA: out/c.csv\n`MEDIA:d.txt`\nMEDIA:"e.md"\nMEDIA:d.txt\n```\nMEDIA:in-code.png\n```\nsee MEDIA:inline.png\nEnd.',
  );
  assert.deepEqual(paths, ["/workspace/a b.png", "out/c.csv", "d.txt", "e.md"]);
  assert.equal(words, "Here:\n```\nMEDIA:in-code.png\n```\nsee MEDIA:inline.png\nEnd.");
});

test("tags say how the files go, and are not said themselves", () => {
  const { words, paths, as } = mediaIn(
    "Two:\n[[as_document]]\nMEDIA:a.png\n[[audio_as_voice]] MEDIA:b.mp3\n`MEDIA:c.png` [[as_document]]",
  );
  assert.deepEqual([words, paths, [...as]], ["Two:", ["a.png", "b.mp3", "c.png"], ["as_document", "audio_as_voice"]]);
  assert.equal(mediaIn("[[as_document]] without a file").words, "[[as_document]] without a file");
});

test("words without files stay as they are, byte for byte", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { words, paths } = mediaIn(text);
      if (paths.length === 0) assert.equal(words, text);
    }),
  );
});

test("what can't be sent is said; what is sent is known by what it holds; files alone are named", async () => {
  const kept: Readonly<Record<string, string>> = {
    "p.dat": "\x89PNG\r\n\x1a\n",
    "v.ogg": "OggS",
    "s.mp3": "ID3",
    "t.txt": "t",
    "t.constructor": "t",
    "e.txt": "",
  };
  const readFile = async (path: string) => {
    if (kept[path] === undefined) throw new Error(`There is no file ${path}.`);
    return Buffer.from(kept[path], "latin1");
  };
  const sent: number[] = [];
  const send = (content: string) =>
    attached(
      content,
      async () => ({ readFile }) as unknown as Sandbox,
      async (index, bytes) => void (sent[index] = bytes.length),
      async () => languages[0],
    );
  const some = await send("MEDIA:p.dat\nMEDIA:v.ogg\nMEDIA:t.txt\nMEDIA:t.constructor\nMEDIA:e.txt\nMEDIA:no`pe.txt");
  assert.deepEqual(
    some.files.map(({ kind, name, size }) => [kind, name, size]),
    [
      ["picture", "p.dat", 8],
      ["voice", "v.ogg", 4],
      ["document", "t.txt", 1],
      ["document", "t.constructor", 1],
    ],
  );
  assert.equal(
    some.markdown,
    "I could not send `e.txt`: it is empty\n\nI could not send ``no`pe.txt``: There is no file no`pe.txt.",
  );
  const kinds = async (content: string) => (await send(content)).files.map(({ kind }) => kind);
  assert.deepEqual(await kinds("[[as_document]]\nMEDIA:p.dat\nMEDIA:v.ogg"), ["document", "document"]);
  assert.deepEqual(await kinds("[[audio_as_voice]]\nMEDIA:p.dat\nMEDIA:s.mp3"), ["picture", "voice"]);
  assert.equal((await send("MEDIA:t.txt")).markdown, "📎 t.txt");
  const many = await send(Array.from({ length: 22 }, (_, index) => `MEDIA:${index}/t.txt`).join("\n"));
  assert.match(many.markdown, /`20\/t\.txt`: at most 20 files go with one answer/);
});
