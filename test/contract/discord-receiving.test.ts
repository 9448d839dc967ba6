import assert from "node:assert/strict";
import { test } from "node:test";
import { discordRig } from "./discord-rig.ts";

// Every test speaks to Discord's API and gateway over real HTTP and WebSockets.

const ann = "500000000000000011";

test("private messages, mentions and replies are meant for it; chatter, bots and its own are not", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "hello");
  discord.say(discord.hall, "just chatting");
  discord.say(discord.hall, `<@${discord.bot}>, what about <@${ann}>?`, { name: "Ben" });
  discord.say(discord.hall, `hey <@&800000000000000001> you`);
  discord.say(discord.hall, `<@${discord.bot}> beep`, { bot: true });
  const own = discord.world.add(discord.channel(discord.hall), { author: discord.world.bot, content: "mine" });
  discord.say(discord.hall, "and this?", { replyTo: own.id });
  await rig.received(4);
  assert.deepEqual(rig.texts(), ["hello", "what about @person011?", "hey you", "and this?"]);
});
