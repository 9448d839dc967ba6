import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createCatchUp } from "../../adapters/discord/catch-up.ts";
import { createClient } from "../../adapters/discord/client.ts";
import { channelSchema, messageSchema, type WireMessage } from "../../adapters/discord/wire.ts";
import type { Log } from "../../src/core/log.ts";
import { snowflake } from "../doubles/discord-wire.ts";
import { chatRef, discordRig } from "./discord-rig.ts";

// What a look back asks Discord's API for, over real HTTP; where nothing is stored, it is asked to look again.

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const route = "GET /channels/:id/messages";
const away = { kind: "refuse", status: 503, code: 0, message: "Service Unavailable" } as const;

/** A look back into the hall, where a page and two messages came; those that begin with "for us" are for us. */
async function lookBack() {
  const rig = await discordRig();
  const { discord } = rig;
  const client = createClient(discord.token, discord.url);
  const taken: string[] = [];
  const named: { readonly missed: number; readonly all: boolean }[] = [];
  const trouble = { takes: 0 };
  const catchUp = createCatchUp({
    client,
    settings: { get: async () => JSON.stringify({ newest: "1", privates: [] }), set: async () => undefined },
    application: discord.bot,
    answerMs: 3_600_000,
    async take({ content }: WireMessage) {
      if (trouble.takes-- > 0) throw new Error("the database is away");
      taken.push(content);
    },
    concerns: async ({ channel_id, content }) => (content.startsWith("for us") ? chatRef(channel_id) : null),
    place: async (channel) => chatRef(channel),
    name: async (_, missed, _newest, all) => void named.push({ missed: missed.length, all }),
    log: silent,
  });
  const told = false;
  discord.say(discord.hall, "for us, first", { told });
  for (let at = 0; at < 100; at += 1) discord.say(discord.hall, "chatter", { told });
  discord.say(discord.hall, "for us, last", { told });
  await catchUp.begin([discord.guild]);
  const hall = channelSchema.parse(discord.world.wireChannel(discord.channel(discord.hall)));
  return {
    discord,
    taken,
    named,
    trouble,
    look: () => catchUp.guild(discord.guild, [hall]),
    async [Symbol.asyncDispose]() {
      client.close();
      await rig[Symbol.asyncDispose]();
    },
  };
}

test("a second page that can't be read, time and again: what was read is taken, and that it was not all is said", async () => {
  await using rig = await lookBack();
  const { discord } = rig;
  discord.fault({ route, channel: discord.hall, query: "before", times: 10 }, away);
  for (let attempt = 1; attempt < 5; attempt += 1) await assert.rejects(rig.look());
  await rig.look();
  assert.deepEqual([rig.taken.length, rig.taken.at(-1)], [100, "for us, last"]);
  assert.deepEqual(rig.named, [{ missed: 0, all: false }]);
});

test("a wait that Discord asks for between two pages is waited out on the spot", async () => {
  await using rig = await lookBack();
  rig.discord.fault({ route, channel: rig.discord.hall, query: "before" }, { kind: "limit", retryAfter: 0.05 });
  await rig.look();
  assert.deepEqual([rig.taken.length, rig.taken[0], rig.taken.at(-1)], [102, "for us, first", "for us, last"]);
  assert.equal(rig.discord.calls.filter((call) => call.route === route).length, 3);
});

test("what can't be stored is taken at the next look, and what was named is not named again", async () => {
  await using rig = await lookBack();
  const { discord } = rig;
  discord.say(discord.hall, "for us, long ago", { told: false, at: Date.now() - 7_200_000 });
  rig.trouble.takes = 2;
  await assert.rejects(rig.look());
  await assert.rejects(rig.look());
  await rig.look();
  assert.deepEqual([rig.taken[0], rig.taken.at(-1)], ["for us, first", "for us, last"]);
  assert.deepEqual(rig.named, [{ missed: 1, all: true }]);
});

test("however many channels of a guild have something, none is left out, and only the newest are waited for; where we don't listen none is read", async () => {
  const guild = "700000000000000001";
  const gate = Promise.withResolvers<void>();
  const taken: string[] = [];
  let kept = JSON.stringify({ newest: "1", privates: [] });
  const read: string[] = [];
  const channels = Array.from({ length: 60 }, (_, at) => ({
    id: snowflake(Date.now() + at),
    type: 0,
    last_message_id: snowflake(),
  }));
  const deaf = channels[7]?.id;
  const client = createClient("token", "http://127.0.0.1:1");
  const catchUp = createCatchUp({
    client: {
      ...client,
      async call({ path }) {
        const channel = path.split("/")[2] ?? "";
        read.push(channel);
        if (channels.findIndex(({ id }) => id === channel) < 10) await gate.promise;
        return [{ id: snowflake(), channel_id: channel, author: { id: "500000000000000011" }, content: `for us, in ${channel}` }];
      },
    },
    settings: { get: async () => kept, set: async (_, value) => void (kept = value) },
    application: "900000000000000001",
    answerMs: 3_600_000,
    take: async ({ content }) => void taken.push(content),
    concerns: async ({ channel_id }) => chatRef(channel_id),
    place: async (channel) => (channel === deaf ? null : chatRef(channel)),
    name: async () => assert.fail("nothing was too old"),
    log: silent,
  });
  await catchUp.begin([guild]);
  const look = () =>
    catchUp.guild(
      guild,
      channels.map((each) => channelSchema.parse(each)),
    );
  await look();
  assert.equal(new Set(taken).size, 50);
  // Told once more, nothing is read twice; what is said in one of the others comes after what it has from before.
  await look();
  const third = channels[3]?.id ?? "";
  const told = { id: snowflake(), guild_id: guild, channel_id: third, author: { id: "500000000000000011" }, content: "and now?" };
  const first = catchUp.before(messageSchema.parse(told)).then(() => [...taken]);
  assert.equal(taken.length, 50);
  assert.match(kept, /"unread":\{.*"7/);
  gate.resolve();
  assert.ok((await first).includes(`for us, in ${third}`));
  while (new Set(taken).size < 59) await setImmediate();
  await catchUp.end();
  client.close();
  assert.deepEqual([taken.length, read.length], [59, 59]);
  assert.match(kept, /"unread":\{\}/);
  assert.ok(deaf !== undefined && !read.includes(deaf));
});
