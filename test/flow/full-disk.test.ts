import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { modelServerWith, say } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { recordFolder } from "../services/records.ts";
import { freshHome, startHermes } from "./service.ts";

/** A record takes 40 MB of it. */
const diskMb = 80;
const patienceMs = 60_000;
/** More than the record has room for in what it has begun to fill, and nothing that could be packed. */
const lengthy = randomBytes(1_500).toString("hex");

test("a full disk: each chat is told in a line, the process goes on, and all is answered, once, when there is room", async () => {
  const disk = { fill: () => {} };
  await using telegram = await telegramServer();
  await using model = await modelServerWith({ strict: false }, (seen) => {
    const text = String(seen.body.messages.at(-1)?.content);
    if (text !== "at length") return say(`echo ${text}`);
    disk.fill();
    disk.fill = () => {};
    return say(lengthy);
  });
  await using home = await freshHome("none");
  using record = await recordFolder("empty tables");
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await using hermes = startHermes({ mode: "start", home: home.path, env, within: onOwnDisk(home.path, record.path) });
  await hermes.printed(/Open http/);
  const filler = join(`/proc/${hermes.child.pid}/root`, home.path, "filler");
  const said = (chat: number) => telegram.messages(chat).map(({ text }) => text);
  const until = async (chat: number, count: number) =>
    await telegram.waitFor(() => said(chat).length >= count && said(chat), patienceMs);
  const line = /^I can't store messages right now .*disk is full.* not lost/;

  // The first message of all has no room in the record.
  fill(filler);
  telegram.say(501, "one");
  assert.match((await until(501, 1))[0] ?? "", line);
  assert.equal(model.seen.length, 0);
  rmSync(filler);
  assert.equal((await until(501, 2))[1], "echo one");

  // An answer has none: its turn is gone on with.
  disk.fill = () => fill(filler);
  telegram.say(502, "at length");
  assert.match((await until(502, 1))[0] ?? "", line);
  rmSync(filler);
  assert.equal((await until(502, 2))[1], lengthy);

  telegram.say(501, "two");
  await until(501, 3);
  assert.deepEqual([said(501).length, said(502).length], [3, 2]);
  assert.equal(hermes.child.exitCode, null);
  const troubles = hermes.output().match(/"level":"(?:warn|error)"/g) ?? [];
  assert.ok(troubles.length < 50, hermes.output());
  assert.ok(model.seen.length < 10);
});

/** Leaves no page of the disk free. */
function fill(path: string): void {
  const file = openSync(path, "w");
  for (let piece = Buffer.alloc(2 ** 20); piece.length >= 4096; piece = piece.subarray(piece.length / 2)) {
    try {
      for (;;) writeSync(file, piece);
    } catch {
      continue;
    }
  }
  closeSync(file);
}

/** Runs a command where the home is a small disk with a record on it, which nobody else sees and which is gone with the command. */
function onOwnDisk(home: string, record: string): readonly string[] {
  const apart = process.getuid?.() === 0 ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"];
  const script = `mount -t tmpfs -o size=${diskMb}m none "$0" && cp -a "$1" "$0/data" && shift && exec "$@"`;
  return [...apart, "--", "sh", "-c", script, home, record];
}
