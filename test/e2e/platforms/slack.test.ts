import assert from "node:assert/strict";
import { test } from "node:test";
import { slackDriver } from "./slack-driver.ts";
import { walk } from "./walk.ts";

walk("Slack", slackDriver, (scene) => {
  const texts = (channel: string, thread: string) =>
    scene()
      .driver.slack.messages(channel, thread)
      .map(({ text }) => text);
  const running = (channel: string, root: string) => {
    const { slack } = scene().driver;
    return slack.waitFor(() => slack.messages(channel, root).some(({ stream, text }) => stream === "open" && text.length > 20));
  };

  test("a channel: one answer for two events, to what is meant for it", async () => {
    const { slack } = scene().driver;
    slack.say("C1", "just chatting");
    const root = slack.say("C1", `<@${slack.bot}> how many?`, { user: "U7" });
    await slack.waitFor(() => texts("C1", root)[0] === "I know of 1");
    slack.say("C1", "<@U9> what do you say?", { thread: root });
    slack.say("C1", "how many now?", { thread: root });
    await slack.waitFor(() => texts("C1", root).length === 2);
    assert.equal(slack.messages("C1").length, 2);
    assert.match(scene().model.seen.at(-1)?.raw ?? "", /\[Alice\] how many now\?/);
  });

  test("while it is asked, the session is suspended, and only the one who asked can answer", async () => {
    const { slack } = scene().driver;
    const root = slack.say("D2", "which one?");
    const asked = await slack.waitFor(() => slack.messages("D2", root).find(({ buttons }) => buttons.length > 0));
    await slack.waitFor(() => slack.statuses.get(`D2:${root}`)?.["status"] === "suspended");
    slack.press("D2", asked.ts, "red", "U8");
    slack.press("D2", asked.ts, "blue");
    await slack.waitFor(() => texts("D2", root).some((text) => /^came: .*: blue$/.test(text)));
  });

  test("!stop in a thread ends the turn with what there was", async () => {
    const { slack } = scene().driver;
    const root = slack.say("C3", `<@${slack.bot}> say it slowly: thread`);
    await running("C3", root);
    slack.say("C3", `<@${slack.bot}> !stop`, { thread: root });
    await slack.waitFor(() => texts("C3", root).some((text) => /^one two[^]*Stopped here/.test(text)));
  });

  test("slash commands are about the thread last spoken in, acknowledged in time, and answered where only their sender sees it", async () => {
    const { slack } = scene().driver;
    const root = slack.say("D4", "how many?");
    await slack.waitFor(() => texts("D4", root)[0] === "I know of 1");
    const envelope = slack.slash("D4", "/hermes", "new");
    await slack.waitFor(() => envelope.ackedAt !== null && slack.responses.some(({ channel }) => channel === "D4"));
    slack.say("D4", "how many?", { thread: root });
    await slack.waitFor(() => texts("D4", root)[1] === "I know of 1");
    slack.slash("C4", "/hermes", "tell me at length");
    await slack.waitFor(() => JSON.stringify(slack.responses.filter(({ channel }) => channel === "C4")).includes("the end"));
    assert.deepEqual(slack.messages("C4"), []);
  });

  test("what Slack tells in the wrong order is heard in the order in which it was written", async () => {
    const { driver, model } = scene();
    const { slack } = driver;
    const root = slack.say("D7", "how many?");
    await slack.waitFor(() => texts("D7", root)[0] === "I know of 1");
    const release = driver.disorder();
    const words = ["first told late", "second told late", "third told late"];
    for (const each of words) slack.say("D7", each, { thread: root });
    release();
    const heard = () =>
      model.seen.map(({ body }) =>
        body.messages
          .flatMap(({ role, content }) => (role === "user" ? (String(content).match(/\w+ told late/g) ?? []) : []))
          .join(),
      );
    await slack.waitFor(() => heard().some((each) => words.every((word) => each.includes(word))));
    assert.equal(
      heard().findLast((each) => each.includes("third")),
      words.join(),
    );
  });

  test("a stream that Slack ends in the middle harms no answer, nor does a channel that is gone", async () => {
    const { driver, goOn } = scene();
    const { slack } = driver;
    const root = slack.say("D6", "say it slowly: expired");
    await running("D6", root);
    slack.expireStreams();
    slack.channel("D10", { deleted: true });
    slack.say("D10", "hello");
    goOn("expired");
    await slack.waitFor(() => texts("D6", root)[0]?.length === 399);
    assert.equal(slack.messages("D6").length, 1);
  });
});
