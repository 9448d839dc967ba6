import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { InboundMessage } from "../../src/core/inbound.ts";
import { createBursts, type Gathered } from "../../src/gateway/bursts.ts";

const album = { of: "album:1", quietMs: 500 } as const;
const paste = { of: "paste", quietMs: 1_500 } as const;

function message(text: string, more: Partial<InboundMessage> & { readonly from?: string } = {}): InboundMessage {
  const { from = "7", ...rest } = more;
  return {
    type: "message",
    key: text,
    chat: { platform: "telegram", chat: "1", thread: null },
    kind: "private",
    sender: { platform: "telegram", id: from, name: "A" },
    at: 0,
    text,
    messageId: text,
    addressed: true,
    ...rest,
  };
}

function gathering() {
  const out: string[] = [];
  const show = ({ ids, message: { text, files } }: Gathered) =>
    out.push(`${ids.join("+")} ${text}${files ? ` ${files.length}` : ""}`);
  const bursts = createBursts(show);
  const take = (id: number, given: InboundMessage): void => {
    if (bursts.take(id, given)) show({ ids: [id], message: given });
  };
  return { out, take, flush: bursts.flush };
}

const file = { kind: "picture", name: "a", size: 1, ref: "r" } as const;

test("an album is one message with all its files; a whole message passes at once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { out, take } = gathering();
  take(1, message("hi"));
  take(2, message("look", { part: album, files: [file] }));
  take(3, message("", { part: album, files: [file] }));
  take(4, message("from another", { from: "8" }));
  assert.deepEqual(out, ["1 hi", "4 from another"]);
  t.mock.timers.tick(500);
  assert.deepEqual(out.slice(2), ["2+3 look 2"]);
});

test("a long paste ends with the piece that is shorter; a command or another burst ends it too, in order", () => {
  const { out, take, flush } = gathering();
  take(1, message("aaa", { part: paste }));
  take(2, message("bbb", { part: paste }));
  take(3, message("c"));
  take(4, message("d"));
  take(5, message("eee", { part: paste }));
  take(6, message("/stop"));
  take(7, message("fff", { part: paste }));
  take(8, message("g", { part: album }));
  take(9, message("hhh", { part: paste }));
  take(10, message("an hour later, in one go with it", { at: 3_600_000 }));
  flush();
  const late = ["9 hhh", "10 an hour later, in one go with it"];
  assert.deepEqual(out, ["1+2+3 aaa\nbbb\nc", "4 d", "5 eee", "6 /stop", "7 fff", "8 g", ...late]);
});

test("a burst ends after a while, however it goes on", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { out, take } = gathering();
  const slow = { of: "album:1", quietMs: 500 } as const;
  for (let id = 1; out.length === 0; id += 1) {
    assert.ok(now <= 2_500, "it should have ended");
    take(id, message(`${id}`, { part: slow }));
    now += 400;
    t.mock.timers.tick(400);
  }
  assert.equal(out[0]?.split(" ")[0], "1+2+3+4+5+6+7");
});

test("a burst of very many is handed on in parts", () => {
  const { out, take, flush } = gathering();
  for (let id = 1; id <= 45; id += 1) take(id, message(`${id}`, { part: album }));
  flush();
  assert.deepEqual(
    out.map((line) => line.split(" ")[0]?.split("+").length),
    [20, 20, 5],
  );
});

test("whatever comes, each message is handed on once, and each sender's in order", () => {
  const parts = fc.constantFrom(undefined, album, paste, { of: "forwards", quietMs: 1 } as const);
  fc.assert(
    fc.property(fc.array(fc.record({ part: parts, from: fc.constantFrom("7", "8"), command: fc.boolean() })), (given) => {
      const { out, take, flush } = gathering();
      for (const [id, { part, from, command }] of given.entries()) {
        take(id, message(command ? "/x" : "t", { from, ...(part && !command ? { part } : {}) }));
      }
      flush();
      const ids = out.flatMap((line) => (line.split(" ")[0] ?? "").split("+").map(Number));
      assert.deepEqual(
        ids.toSorted((one, other) => one - other),
        given.map((_, id) => id),
      );
      for (const sender of ["7", "8"]) {
        const theirs = ids.filter((id) => given[id]?.from === sender);
        assert.deepEqual(
          theirs,
          theirs.toSorted((one, other) => one - other),
        );
      }
    }),
  );
});
