import assert from "node:assert/strict";
import { test } from "node:test";
import { discordDriver } from "./discord-driver.ts";
import { walk } from "./walk.ts";

const ann = "500000000000900011";

walk("Discord", discordDriver, (scene) => {
  const texts = (place: string) =>
    scene()
      .driver.discord.said(place)
      .map(({ content }) => content);

  test("a private message: signs under the question, and an answer that rings nobody", async () => {
    const { driver, goOn } = scene();
    const { discord } = driver;
    const asked = discord.write(ann, "say it slowly: signs");
    await discord.waitFor(() => asked.reactions.includes("👀"), 20_000);
    goOn("signs");
    await discord.waitFor(() => asked.reactions.join() === "✅", 20_000);
    const post = discord.callsOf("POST /channels/:id/messages").at(-1);
    assert.deepEqual(post?.body["allowed_mentions"], { parse: [], replied_user: false });
    assert.equal(discord.flooded, 0);
  });

  test("a mention in a channel begins a thread named after it; what others chat about is theirs", async () => {
    const { discord } = scene().driver;
    const asked = discord.say(discord.hall, `<@${discord.bot}> first words`, { from: ann });
    const thread = await discord.waitFor(() => discord.threads(discord.hall).find(({ id }) => id === asked.id), 20_000);
    assert.equal(thread.name, "first words");
    await discord.waitFor(() => texts(thread.id).length === 1, 20_000);
    const other = discord.world.addChannel("other", { parent: discord.hall });
    discord.say(discord.hall, "unasked", { from: ann });
    discord.say(other.id, "chatter of others", { from: ann });
    discord.say(thread.id, "last", { from: ann });
    await discord.waitFor(() => texts(thread.id).some((text) => text.includes("last")), 20_000);
    assert.deepEqual([texts(discord.hall), texts(other.id)], [[], []]);
  });

  test("a thread in which only commands were answered goes on without a mention, also after /new", async () => {
    const { discord } = scene().driver;
    const asked = discord.say(discord.hall, `<@${discord.bot}> /whoami`, { from: ann });
    const answers = async (count: number) => await discord.waitFor(() => texts(asked.id).length === count, 20_000);
    await answers(1);
    discord.say(asked.id, "what now?", { from: ann });
    await answers(2);
    discord.say(asked.id, `<@${discord.bot}> /new`, { from: ann });
    await answers(3);
    discord.say(asked.id, "and now?", { from: ann });
    await answers(4);
    // A slash command in a thread of other people's does not make that thread ours.
    const theirs = discord.world.addChannel("theirs", { parent: discord.hall, joined: true });
    const help = discord.command(theirs.id, "help", "", ann);
    await discord.waitFor(() => discord.interactions.get(help).message?.content.includes("/new"), 20_000);
    discord.say(theirs.id, "lunch at noon", { from: ann });
    discord.say(theirs.id, `<@${discord.bot}> called at last`, { from: ann });
    await discord.waitFor(() => texts(theirs.id).some((text) => text.includes("called at last")), 20_000);
    assert.ok(!texts(theirs.id).some((text) => text.includes("lunch")));
  });

  test("slash commands: registered once, deferred, answered in their place; silent ones leave nothing", async () => {
    const { discord } = scene().driver;
    const chat = discord.world.privateChat(ann).id;
    const asked = discord.command(chat, "help", "", ann);
    await discord.waitFor(() => discord.interactions.get(asked).message?.content.includes("/new"), 20_000);
    assert.equal(discord.callsOf("PUT /applications/:id/commands").length, 1);
    const person = "500000000000900014";
    discord.write(person, "say it slowly: silent");
    const preview = await discord.waitFor(() => discord.said(person).find(({ content }) => content.length > 10), 20_000);
    const stop = discord.command(preview.channel, "stop", "", person);
    await discord.waitFor(() => preview.content.includes("Stopped here"), 20_000);
    await discord.waitFor(() => discord.interactions.get(stop).message === null, 20_000);
  });

  test("a dropped socket is resumed; frames that make discord.js's own client throw end nothing", async () => {
    const { discord } = scene().driver;
    const connections = () => discord.gateway.resumes().length + discord.gateway.identifies().length;
    assert.ok(discord.gateway.resumes().length > 0);
    const before = connections();
    for (const frame of ['{"op":0,"t":"INTERACTION_CREATE","s":9,"d":{"type":3}}', "not JSON", '{"op":9}'])
      discord.gateway.raw(frame);
    await discord.waitFor(() => connections() > before, 20_000);
    const person = "500000000000900019";
    discord.write(person, "still there?");
    await discord.waitFor(() => texts(person).length === 1, 20_000);
  });
});
