import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openRig } from "../e2e/page-rig.ts";
import { discordRig } from "./discord-rig.ts";
import { mutated, type Told } from "./mutations.ts";
import { slackRig } from "./slack-rig.ts";
import { telegramRig } from "./telegram-rig.ts";
import { cookieOf } from "./web-client.ts";

/** Between two good messages. */
const atOnce = { minLength: 1, maxLength: 8 };
const runs = { numRuns: 40 };

/** Tells what makes no sense, then something that does, and that must have come. An exception that nobody catches fails the test by itself. */
async function survives(
  payloads: readonly Told[],
  tell: (told: Told) => unknown,
  neighbour: (text: string) => Promise<unknown>,
): Promise<void> {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mutated(payloads), atOnce), async (batch) => {
      for (const payload of batch) await tell(payload);
      await neighbour(`neighbour ${(count += 1)}`);
    }),
    runs,
  );
}

test("whatever Telegram's updates hold, the next message arrives", async () => {
  await using rig = await telegramRig();
  const { tg, inlet } = rig;
  await rig.adapter.start(inlet);
  const from = { id: 7, is_bot: false, first_name: "Ann", username: "ann" };
  const chat = { id: -5, type: "supergroup", title: "Team", is_forum: true };
  const about = { message_id: 4, from, chat, date: 1_795_000_000, message_thread_id: 9, is_topic_message: true };
  const entities = [{ type: "mention", offset: 0, length: 16 }];
  const photo = [{ file_id: "a", file_unique_id: "b", width: 1, height: 1, file_size: 9 }];
  const text = { ...about, text: "@hermes_test_bot hi", entities };
  const message = { ...text, reply_to_message: { ...about, from: { ...from, is_bot: true } }, forward_origin: { type: "user" } };
  const query = { id: "1", from, message: text, chat_instance: "1", data: "q:1" };
  const payloads = [
    { message },
    { message: { ...about, photo, caption: "@hermes_test_bot", caption_entities: entities, media_group_id: "g" } },
    { message: { ...about, voice: { file_id: "a", file_unique_id: "b", duration: 1 }, venue: { title: "a", location: {} } } },
    {
      message: {
        ...about,
        document: { file_id: "a", file_unique_id: "b", file_name: "n" },
        poll: { question: "q", options: [{}] },
      },
    },
    { edited_message: { ...text, edit_date: 1_795_000_001 } },
    { callback_query: query },
    { stopped_message_generation: { chat, draft_id: 3 } },
    {
      my_chat_member: {
        chat,
        from,
        date: 1,
        old_chat_member: { status: "left", user: from },
        new_chat_member: { status: "member", user: from },
      },
    },
  ];
  const told = payloads.map((body) => ({ as: "", body }));
  await survives(
    told,
    ({ body }) => tg.update({ ...body }),
    async (words) => {
      tg.say(7, words);
      await tg.waitFor(() => inlet.received.some((each) => each.type === "message" && each.text === words), 10_000);
    },
  );
});

test("whatever Discord's events hold, the next message arrives", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  const author = { id: "500000000000000011", username: "ann", global_name: "Ann", discriminator: "0" };
  const place = { channel_id: discord.hall, guild_id: discord.guild };
  const attachments = [{ id: "1", filename: "a.png", size: 6, url: discord.host(Buffer.from("a")), content_type: "image/png" }];
  const message = {
    ...place,
    id: "1200000000000000001",
    author,
    content: `<@${discord.bot}> hi`,
    type: 19,
    flags: 0,
    attachments,
    timestamp: new Date(0).toISOString(),
    mentions: [{ id: discord.bot }],
    mention_roles: [],
    member: { nick: "A", roles: [] },
    message_reference: { message_id: "1", channel_id: discord.hall },
    referenced_message: { id: "1", author: { id: discord.bot } },
    message_snapshots: [{ message: { content: "b", attachments } }],
    sticker_items: [{ id: "1", name: "w", format_type: 1 }],
  };
  const press = {
    id: "1200000000000000002",
    token: "aW50",
    application_id: discord.bot,
    version: 1,
    ...place,
    member: { user: author },
  };
  const channel = { id: "1200000000000000003", type: 11, guild_id: discord.guild, parent_id: discord.hall, name: "t" };
  const payloads = [
    { as: "MESSAGE_CREATE", body: message },
    { as: "MESSAGE_UPDATE", body: message },
    { as: "MESSAGE_DELETE", body: { id: message.id, ...place } },
    { as: "INTERACTION_CREATE", body: { ...press, type: 3, data: { component_type: 2, custom_id: "q:1" }, message } },
    {
      as: "INTERACTION_CREATE",
      body: { ...press, type: 2, data: { id: "1", name: "help", type: 1, options: [{ name: "text", value: "x" }] } },
    },
    {
      as: "INTERACTION_CREATE",
      body: { ...press, type: 4, data: { id: "1", name: "model", options: [{ name: "text", value: "q", focused: true }] } },
    },
    { as: "THREAD_CREATE", body: { ...channel, newly_created: true } },
    { as: "CHANNEL_DELETE", body: channel },
    {
      as: "GUILD_CREATE",
      body: { id: "700000000000000099", name: "g", channels: [channel], threads: [channel], roles: [{ id: "1", tags: {} }] },
    },
    { as: "GUILD_DELETE", body: { id: "700000000000000099", unavailable: true } },
  ];
  const tell = ({ as, body }: Told) => discord.gateway.dispatch(as, { ...body });
  await survives(payloads, tell, async (words) => {
    discord.write(author.id, words);
    await discord.waitFor(() => rig.texts().includes(words), 10_000);
  });
});

test("whatever Slack's envelopes hold, the next message arrives", async () => {
  await using rig = await slackRig();
  const { slack, inlet } = rig;
  await rig.adapter.start(inlet);
  const files = [{ id: "F1", name: "n", mimetype: "text/plain", size: 1, url_private: `${slack.origin}/files/F1/n` }];
  const event = {
    type: "message",
    channel: "C1",
    channel_type: "channel",
    user: "U7",
    text: "<@UBOT> hi",
    ts: "1795000000.000100",
    files,
    team: "T1",
  };
  const body = { team_id: "T1", api_app_id: "A1", type: "event_callback", event_id: "Ev1", event_time: 1_795_000_000 };
  const told = [
    { ...event, thread_ts: "1795000000.000050", subtype: "file_share", client_msg_id: "c" },
    { ...event, type: "app_mention" },
    { ...event, subtype: "message_changed", message: event, previous_message: event },
    { ...event, subtype: "message_deleted", deleted_ts: event.ts, previous_message: event },
    { type: "agent_session_stopped", channel: "D1", thread_ts: event.ts, user: "U7", streaming_message_ts: [event.ts] },
    { type: "tokens_revoked", tokens: { bot: ["UBOT"] } },
  ];
  const actions = [{ action_id: "a", value: "q:1", type: "button", text: { type: "plain_text", text: "b" } }];
  const about = { channel: { id: "D1" }, user: { id: "U7", name: "ann" }, container: { message_ts: event.ts, channel_id: "D1" } };
  const command = {
    command: "/hermes",
    text: "help",
    channel_id: "C1",
    user_id: "U7",
    team_id: "T1",
    response_url: `${slack.origin}/commands/x`,
  };
  const payloads = [
    ...told.map((each) => ({ as: "events_api", body: { ...body, event: each } })),
    {
      as: "interactive",
      body: { type: "block_actions", team: { id: "T1" }, ...about, actions, message: event, response_url: "x" },
    },
    { as: "slash_commands", body: command },
  ];
  await survives(
    payloads,
    ({ as, body: odd }) => slack.events.tell(as === "interactive" || as === "slash_commands" ? as : "events_api", { ...odd }),
    async (words) => {
      slack.say("D9", words);
      await slack.waitFor(() => inlet.received.some((each) => each.type === "message" && each.text === words), 10_000);
    },
  );
});

test("whatever a page sends, it is told what is wrong, and the next message arrives", async (t) => {
  const rig = await openRig();
  t.after(() => rig.close());
  const headers = { cookie: await cookieOf(rig), origin: rig.origin, "content-type": "application/json" };
  const post = async (path: string, body: object) =>
    (await fetch(rig.origin + path, { method: "POST", headers, body: JSON.stringify(body) })).status;
  const id = "0123456789abcdef";
  const payloads = [
    { as: "/api/messages", body: { id, text: "hi", files: [id] } },
    { as: "/api/stop", body: { id, turn: "t" } },
    { as: "/api/press", body: { id, data: "q:1" } },
    { as: "/api/files", body: { name: "n" } },
  ];
  const tell = async ({ as, body }: Told) => {
    const status = await post(as, body);
    assert.ok(status < 500, `${as} answers ${status} to ${JSON.stringify(body)}`);
  };
  await survives(payloads, tell, async (words) => {
    assert.equal(await post("/api/messages", { id, text: words }), 202);
    assert.ok(rig.received.some((each) => each.type === "message" && each.text === words));
  });
});
