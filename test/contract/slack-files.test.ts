import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/failures.ts";
import type { FileRef } from "../../src/core/files.ts";
import { slackChat, slackRig } from "./slack-rig.ts";

type Rig = Awaited<ReturnType<typeof slackRig>>;

/** A file of a person's, as a message names it. */
function shared(rig: Rig, name: string, mimetype: string, bytes: Buffer, more: Readonly<Record<string, unknown>> = {}) {
  const id = `F${rig.slack.uploads.size}`;
  rig.slack.uploads.set(id, { name, bytes });
  return {
    id,
    name,
    mimetype,
    size: bytes.length,
    mode: "hosted",
    url_private: `${rig.slack.origin}/files/${id}/${name}`,
    ...more,
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "done",
    (error: unknown) => (error instanceof Failure ? error.code : String(error)),
  );
}

test("files come with their message and are fetched with the token; what can't be had is named", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const bytes = Buffer.from("%PDF-1.7");
  const files = [
    shared(rig, "a.pdf", "application/pdf", bytes),
    shared(rig, "b.png", "image/png", bytes),
    shared(rig, "note.m4a", "audio/mp4", bytes, { subtype: "slack_audio" }),
    { id: "F9", name: "sheet", mode: "external", url_private: "https://elsewhere.example/x" },
  ];
  rig.slack.say("D1", "", { extra: { subtype: "file_share", files } });
  const [got] = await rig.received(1);
  assert.ok(got?.type === "message" && got.files);
  assert.equal(got.text, '[sent a file named "sheet", which Slack does not give out]');
  assert.deepEqual(
    got.files.map(({ kind, name, size }) => [kind, name, size]),
    [
      ["document", "a.pdf", 8],
      ["picture", "b.png", 8],
      ["voice", "note.m4a", 8],
    ],
  );
  const [first] = got.files;
  assert.ok(first && rig.adapter.fetchFile);
  assert.deepEqual(Buffer.from(await rig.adapter.fetchFile(first, 100, AbortSignal.timeout(5_000))), bytes);
  assert.equal(await codeOf(rig.adapter.fetchFile(first, 3, AbortSignal.timeout(5_000))), "platform.refused");
});

test("the token goes to nobody else, and a page to sign in is no file", async () => {
  await using rig = await slackRig();
  await using elsewhere = await slackRig();
  const file = (ref: string): FileRef => ({ kind: "document", name: "a.txt", size: 1, ref });
  const fetched = (ref: string) => codeOf(rig.adapter.fetchFile?.(file(ref), 100, AbortSignal.timeout(5_000)) ?? assert.fail());
  assert.equal(await fetched(`${elsewhere.slack.origin}/files/F0/a.txt`), "platform.refused");
  assert.equal(await fetched("https://evil.example/slack.com"), "platform.refused");
  assert.equal(await fetched("https://evilslack.com/a"), "platform.refused");
  const other = rig.make({ botToken: "xoxb-other" });
  const page = await codeOf(
    other.fetchFile?.(file(`${rig.slack.origin}/files/F0/a.txt`), 100, AbortSignal.timeout(5_000)) ?? assert.fail(),
  );
  assert.equal(page, "platform.refused");
});

test("a file goes out by the external upload, once, though its outcome was unknown", async () => {
  await using rig = await slackRig();
  const root = rig.slack.say("C1", "send it");
  const bytes = Buffer.from("a report");
  const file = { kind: "document", name: "report.txt", size: bytes.length, path: "report.txt" } as const;
  const chat = slackChat("C1", root);
  const since = Date.now();
  rig.slack.fault({ method: "files.completeUploadExternal" }, { kind: "reset", when: "after" });
  const post = (maybeRepeated: boolean) =>
    rig.adapter.postFile?.(chat, file, bytes, { replyTo: null, since, maybeRepeated }) ?? assert.fail();
  assert.equal(await codeOf(post(false)), "platform.unknown_outcome");
  rig.slack.fault({ method: "conversations.replies" }, { kind: "limit", retryAfter: 3 });
  assert.equal(await codeOf(post(true)), "platform.unknown_outcome");
  await post(true);
  const sent = rig.slack.messages("C1", root).flatMap((each) => each.files);
  assert.deepEqual(
    sent.map(({ name, size }) => [name, size]),
    [["report.txt", 8]],
  );
  assert.deepEqual(rig.slack.uploads.get(sent[0]?.id ?? "")?.bytes, bytes);
});

test("where it may not look whether a file is there already, it sends it, and blocks nothing", async () => {
  await using rig = await slackRig();
  const root = rig.slack.say("C1", "send it");
  const bytes = Buffer.from("a report");
  const file = { kind: "document", name: "report.txt", size: bytes.length, path: "report.txt" } as const;
  const options = { replyTo: null, since: Date.now(), maybeRepeated: true };
  rig.slack.fault({ method: "conversations.replies" }, { kind: "refuse", error: "missing_scope" });
  await rig.adapter.postFile?.(slackChat("C1", root), file, bytes, options);
  assert.equal(rig.slack.messages("C1", root).flatMap(({ files }) => files).length, 1);
});
