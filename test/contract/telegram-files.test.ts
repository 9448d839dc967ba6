import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { asFailure } from "../../src/core/failures.ts";
import type { FileRef } from "../../src/core/files.ts";
import { freshHome } from "../flow/service.ts";
import { chatRef, telegramRig } from "./telegram-rig.ts";

const limit = 1_000;
const signal = new AbortController().signal;

test("a message's files come with what is known of them, the largest size of a picture, and fetched they are byte for byte the same", async () => {
  await using rig = await telegramRig();
  await rig.adapter.start(rig.inlet);
  const bytes = Buffer.from([0, 1, 255, 10]);
  const { tg } = rig;
  const [small, large, voice, named] = [tg.file(Buffer.from("s")), tg.file(bytes), tg.file(bytes), tg.file(bytes)];
  tg.say(7, "", { extra: { caption: "see", photo: [small, large] } });
  tg.say(7, "", { extra: { voice: { ...voice, duration: 2 } } });
  tg.say(7, "", { extra: { document: { ...named, file_name: "a b/ü#?.csv" } } });
  const files = (await rig.received(3)).flatMap((each) => (each.type === "message" ? (each.files ?? []) : []));
  assert.deepEqual(
    files.map(({ kind, size, ref }) => [kind, size, ref]),
    [
      ["picture", 4, large.file_id],
      ["voice", 4, voice.file_id],
      ["document", 4, named.file_id],
    ],
  );
  assert.equal(files[2]?.name, "a b/ü#?.csv");
  for (const file of files) assert.deepEqual(await rig.adapter.fetchFile?.(file, limit, signal), bytes);
});

test("what can't be had says why: unknown, too large, gone, broken off, a path that is not ours to read", async () => {
  await using rig = await telegramRig();
  await using other = await freshHome();
  const path = join(other.path, "kept.bin");
  await writeFile(path, "from the disk");
  const { tg } = rig;
  const why = async (ref: string): Promise<string> => {
    const file: FileRef = { kind: "document", name: "a", size: null, ref };
    const fetched = await Promise.resolve(rig.adapter.fetchFile?.(file, limit, signal)).catch((error: unknown) =>
      asFailure(error),
    );
    return fetched instanceof Error ? `${asFailure(fetched).code}: ${fetched.message}` : Buffer.from(fetched ?? "").toString();
  };
  assert.match(await why("nobody's"), /^platform\.refused: .*wrong file_id/);
  assert.match(await why(tg.file(Buffer.alloc(limit + 1)).file_id), /^platform\.refused: it is larger than 1 KB/);
  assert.match(
    await why(tg.file(Buffer.alloc(21 * 1024 * 1024)).file_id),
    /^platform\.refused: it is larger than Telegram gives to bots/,
  );
  const gone = await why(tg.file(Buffer.from("x"), { file_path: "documents/gone" }).file_id);
  assert.match(gone, /^platform\.refused: Telegram did not give the file \(status 404\)/);
  assert.ok(!gone.includes(tg.token));
  // A server of the team's own, on this machine, hands out paths.
  assert.equal(await why(tg.file(Buffer.from("x"), { file_path: path }).file_id), "from the disk");
  assert.match(
    await why(tg.file(Buffer.from("x"), { file_path: "/nowhere/x" }).file_id),
    /^platform\.refused: .*can't be read from here/,
  );
  tg.fault({ method: "getFile" }, { kind: "limit", retryAfter: 3 });
  assert.match(await why(tg.file(Buffer.from("x")).file_id), /^platform\.rate_limited/);
});

test("files go out as what they are, and as documents where Telegram does not take them so", async () => {
  await using rig = await telegramRig();
  rig.tg.say(7, "hi");
  const png = Buffer.from("\x89PNG\r\n\x1a\n rest", "latin1");
  rig.tg.say(8, "hi");
  const send = async (kind: FileRef["kind"], name: string, bytes: Buffer, maybeRepeated = false, chat = 7) => {
    const options = { replyTo: null, maybeRepeated };
    await rig.adapter.postFile?.(chatRef(chat), { kind, name, size: bytes.length, path: name }, bytes, options);
  };
  await send("picture", "dot.png", png);
  await send("picture", "odd.webp", Buffer.from("RIFF1234WEBP"));
  await send("document", "ü b.csv", Buffer.from("a;b"), true);
  await send("voice", "v.ogg", Buffer.from("OggS"));
  assert.deepEqual(
    rig.tg.messages(7).map(({ file, text }) => [file?.kind, file?.name, file?.bytes.toString("latin1"), text]),
    [
      ["photo", "dot.png", png.toString("latin1"), ""],
      ["document", "odd.webp", "RIFF1234WEBP", ""],
      ["document", "ü b.csv", "a;b", "(may be repeated)"],
      ["voice", "v.ogg", "OggS", ""],
    ],
  );
  rig.tg.fault({ method: "sendDocument" }, { kind: "reset", when: "after" });
  await assert.rejects(send("document", "a", Buffer.from("x"), false, 8), { code: "platform.unknown_outcome" });
});
