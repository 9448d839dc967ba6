import assert from "node:assert/strict";
import { test } from "node:test";
import { createCatchUp } from "../../adapters/slack/catch-up.ts";
import { silent } from "./database-forms.ts";
import { slackRig } from "./slack-rig.ts";

// What was written while nobody was there is read from the channels in which we were spoken to.

const untold = { told: false } as const;

/** A private chat and a channel in which we were spoken to; then we are away for so long that Slack tells nothing of it. */
async function away() {
  const rig = await slackRig();
  const { slack } = rig;
  await rig.adapter.start(rig.inlet);
  const [root, hall] = [slack.say("D1", "one"), slack.say("C1", "<@UBOT> two", { comesAs: "message" })];
  await rig.received(2);
  await rig.adapter.pause();
  rig.inlet.received.length = 0;
  const texts = () => rig.inlet.received.map((each) => (each.type === "message" ? each.text : each.type));
  return { ...rig, root, hall, texts, ids: () => rig.inlet.received.map(({ key }) => key) };
}

test("what was written while we were away is taken: in private, by mention, and in threads that we have a part in", async () => {
  await using rig = await away();
  const { slack, root, hall } = rig;
  const chatter = slack.say("C1", "good morning", untold);
  const missed = [
    slack.say("D1", "three", untold),
    slack.say("D1", "and four?", { thread: root, ...untold }),
    slack.say("C1", "<@UBOT> five", untold),
    slack.say("C1", "six", { thread: hall, ...untold }),
  ];
  slack.say("C1", "to another", { thread: chatter, ...untold });
  slack.say("C9", "<@UBOT> where we never were", untold);
  slack.fault({ method: "conversations.history" }, { kind: "garble", status: 502, body: "x", done: false });
  const next = rig.make();
  await next.start(rig.inlet);
  await slack.waitFor(() => missed.every((ts) => rig.ids().some((key) => key.endsWith(ts))));
  const got = rig.inlet.received.find((each) => each.key.endsWith(missed[1] ?? "-"));
  assert.deepEqual([got?.chat.thread, got?.kind, got?.sender.name], [root, "private", "Alice"]);
  // What was told before is taken again with the keys that the inbox has.
  assert.deepEqual(new Set(rig.texts()), new Set(["one", "three", "and four?", "two", "five", "six"]));
  assert.equal(slack.messages("D1").length + slack.messages("C1").length, 0);
  await next.close();
});

test("what was written too long ago is named once, not answered, however often we begin to read", async () => {
  await using rig = await away();
  const { slack, root } = rig;
  slack.say("D1", "are you there?", untold);
  slack.say("D1", "hello?", { thread: root, ...untold });
  // The second one begins where the first did, as if that had died before it could note that all was read.
  for (const kept of [new Map(rig.kept), new Map(rig.kept)]) {
    const { promise: read, resolve } = Promise.withResolvers<undefined>();
    const settings = {
      get: async (key: string) => kept.get(key) ?? null,
      set: async (_: string, value: string) => (value.includes('"unread":null') ? resolve(undefined) : undefined),
    };
    const next = rig.make({ catchUpMs: -1, settings });
    await next.start(rig.inlet);
    await read;
    await next.close();
  }
  const [said, ...others] = slack.messages("D1");
  assert.match(said?.text ?? "", /Say it again if it still matters\.\n\n- Alice: are you there\?\n- Alice: hello\?$/);
  assert.deepEqual([others.length, said?.thread, rig.texts()], [0, null, []]);
});

test("a socket that was lost: what Slack no longer tells of the time without it is read", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.slack.say("D1", "one");
  await rig.received(1);
  rig.slack.say("D1", "in between", untold);
  rig.slack.dropSockets();
  const [, missed, ...others] = await rig.received(2);
  assert.ok(missed?.type === "message" && missed.text === "in between" && others.length === 0);
});

test("what was too much to answer, and so was named, is not answered when it is read again", async () => {
  const now = Date.now() / 1_000;
  const messages = Array.from({ length: 101 }, (_, at) => ({ ts: (now - 60 + at / 1_000).toFixed(6) }));
  const [taken, named] = [new Array<unknown>(), new Array<number>()];
  let over = Promise.withResolvers<undefined>();
  const catchUp = createCatchUp({
    settings: {
      get: async () => JSON.stringify({ newest: now - 120, unread: null, places: ["D1"] }),
      set: async (_, value) => (value.includes('"unread":null') ? over.resolve(undefined) : undefined),
    },
    key: "seen",
    answerMs: 3_600_000,
    read: async () => ({ messages, all: true }),
    take: async (channel, { ts }) => {
      taken.push(ts);
      catchUp.seen(channel, String(ts), true);
    },
    concerns: () => true,
    told: async () => ({ who: "Ann", text: "hi" }),
    name: async (_, missed) => void named.push(missed.length),
    signal: new AbortController().signal,
    log: silent,
  });
  for (const look of ["first", "second"]) {
    over = Promise.withResolvers<undefined>();
    catchUp.look();
    await over.promise;
    assert.deepEqual([taken.length, named], [100, [1]], look);
  }
});
