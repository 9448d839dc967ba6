import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "../doubles/virtual-clock.ts";
import { chatRef, discordRig } from "./discord-rig.ts";

// Every test speaks to Discord's API and gateway over real HTTP and WebSockets.

type Rig = Awaited<ReturnType<typeof discordRig>>;
const ann = "500000000000000011";

/** A rig that hears. */
async function openRig(): Promise<Rig> {
  const rig = await discordRig();
  await rig.adapter.start(rig.inlet);
  return rig;
}

async function answer(rig: Rig, channel: string, markdown: string, replyTo: string | null): Promise<string> {
  const [chunk] = rig.adapter.render(markdown);
  assert.ok(chunk);
  return await rig.adapter.post(chatRef(channel), chunk, { replyTo, key: `1:${markdown}` });
}

/** What a command is to be answered as. */
async function asked(rig: Rig, count = 1): Promise<string | null> {
  const last = (await rig.received(count)).at(-1);
  assert.ok(last?.type === "message");
  return last.messageId;
}

test("a button: stored, then acknowledged; stop buttons name their turn", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  const [chunk] = rig.adapter.render("Which?");
  assert.ok(chunk);
  const buttons = [{ label: "Red", data: "q:1:0" }];
  const id = await rig.adapter.post(chatRef(discord.hall), chunk, { replyTo: null, buttons, turn: "t9" });
  let acknowledged: number | null | undefined = 0;
  rig.inlet.before = async () => void (acknowledged = discord.interactions.all()[0]?.answered);
  const pressed = discord.press(discord.hall, id, "Red", ann);
  await discord.waitFor(() => discord.interactions.get(pressed).answered === 6);
  assert.equal(acknowledged, null, "not before it was stored");
  discord.press(discord.hall, id, "Stop", ann);
  const [button, stop] = await rig.received(2);
  assert.ok(button?.type === "button" && stop?.type === "stop");
  assert.deepEqual([button.data, button.sender.id, button.chat.chat, stop.turn], ["q:1:0", ann, discord.hall, "t9"]);
});

test("a slash command is answered in its own place, and what follows comes below it", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  const id = discord.command(discord.hall, "model", "qwen", ann);
  const replyTo = await asked(rig);
  assert.deepEqual(rig.texts(), ["/model qwen"]);
  const message = await answer(rig, discord.hall, "**done**", replyTo);
  assert.deepEqual([discord.interactions.get(id).answered, discord.interactions.get(id).message?.id], [5, message]);
  await answer(rig, discord.hall, "more", null);
  assert.deepEqual(
    discord.said(discord.hall).map(({ content }) => content),
    ["**done**", "more"],
  );
});

test("a command's place waits for its answer as long as Discord lets it; then it says so, and the answer comes below in reply to it", async (t) => {
  await using rig = await openRig();
  const { discord } = rig;
  const clock = virtualClock(t);
  const deferred = async (id: string) => {
    await discord.waitFor(() => discord.interactions.get(id).answered === 5);
    // The response is read, too.
    await clock.pass(100);
  };
  const slow = discord.command(discord.hall, "k8s", "why is web down?", ann);
  const first = await asked(rig);
  await deferred(slow);
  await clock.pass(6_000, 1_000);
  const message = await answer(rig, discord.hall, "It has no memory left.", first);
  assert.equal(discord.interactions.get(slow).message?.id, message);
  const slower = discord.command(discord.hall, "k8s", "and now?", ann);
  const second = await asked(rig, 2);
  await deferred(slower);
  await clock.pass(14 * 60_000, 60_000);
  const { message: place } = await discord.waitFor(() => {
    const interaction = discord.interactions.get(slower);
    return interaction.message?.thinking === false && interaction;
  });
  await clock.pass(60_000, 60_000);
  const late = discord.world.message(discord.hall, await answer(rig, discord.hall, "It runs again.", second));
  assert.deepEqual([late.content, late.replyTo], ["It runs again.", place?.id]);
  assert.match(place?.content ?? "", /below/);
});

test("a command to which nothing will be said leaves nothing", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  const id = discord.command(discord.hall, "stop", "", ann);
  await asked(rig);
  const [silent] = rig.inlet.silences;
  assert.ok(silent);
  silent();
  await discord.waitFor(() => discord.callsOf("DELETE /webhooks/:id/:token/messages/@original").at(-1)?.status === 204);
  assert.deepEqual([discord.interactions.get(id).message, discord.said(discord.hall)], [null, []]);
});

test("after its token has expired, or its place is gone, a command is answered in the channel", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  discord.command(discord.hall, "help", "", ann);
  const first = await asked(rig);
  await discord.waitFor(() => discord.interactions.all()[0]?.answered === 5);
  const [expired] = discord.interactions.all();
  assert.ok(expired);
  expired.expired = true;
  await answer(rig, discord.hall, "late", first);
  assert.ok(discord.said(discord.hall).some(({ content }) => content === "late"));
});

test("a command's answer whose outcome is unknown is said again in the same place", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  discord.command(discord.hall, "help", "", ann);
  const replyTo = await asked(rig);
  discord.fault({ route: "PATCH /webhooks/:id/:token/messages/@original" }, { kind: "reset", when: "after" });
  await assert.rejects(answer(rig, discord.hall, "here", replyTo), { code: "platform.unavailable" });
  await answer(rig, discord.hall, "here", replyTo);
  assert.deepEqual(
    discord.said(discord.hall).map(({ content }) => content),
    ["here"],
  );
});

test("what can't be stored is said to the one who pressed, and to nobody else", async () => {
  await using rig = await openRig();
  const { discord, inlet } = rig;
  inlet.refuse = 2;
  const command = discord.command(discord.hall, "help", "", ann);
  const told = await discord.waitFor(() => discord.interactions.get(command).answered === 4 && discord.interactions.get(command));
  assert.match(String(told.data["content"]), /can't store/);
  assert.equal(told.data["flags"], 64);
  assert.equal(told.message, null);
});

test("storing that takes too long is not waited for: the command is deferred in time", async () => {
  await using rig = await openRig();
  const { discord, inlet } = rig;
  const { promise, resolve } = Promise.withResolvers<void>();
  inlet.before = async () => await promise;
  const command = discord.command(discord.hall, "help", "", ann);
  await discord.waitFor(() => discord.interactions.get(command).answered === 5);
  resolve();
  await answer(rig, discord.hall, "there", await asked(rig));
  assert.deepEqual(
    discord.said(discord.hall).map(({ content }) => content),
    ["there"],
  );
});

test("a press that turns out late not to be stored is said to the one who pressed", async () => {
  await using rig = await openRig();
  const { discord, inlet } = rig;
  const [chunk] = rig.adapter.render("Which?");
  assert.ok(chunk);
  const buttons = [{ label: "Red", data: "q:1:0" }];
  const id = await rig.adapter.post(chatRef(discord.hall), chunk, { replyTo: null, buttons });
  const { promise, resolve } = Promise.withResolvers<void>();
  inlet.before = async () => await promise;
  inlet.refuse = 1;
  const pressed = discord.press(discord.hall, id, "Red", ann);
  await discord.waitFor(() => discord.interactions.get(pressed).answered === 6);
  resolve();
  const [call] = await discord.waitFor(() => {
    const calls = discord.callsOf("POST /webhooks/:id/:token");
    return calls.length === 1 && calls;
  });
  assert.match(String(call?.body["content"]), /can't store/);
  assert.equal(call?.body["flags"], 64);
});

test("a command told again leaves the answer that it has", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  const route = "POST /interactions/:id/:token/callback";
  discord.command(discord.hall, "help", "", ann);
  await answer(rig, discord.hall, "here", await asked(rig));
  discord.gateway.redeliver(3);
  await discord.waitFor(() => discord.callsOf(route).at(-1)?.status === 400);
  // Where nothing was said to it, it would take back in the end what shows that it is thinking.
  await answer(rig, discord.hall, "here again", "interaction:" + (discord.interactions.all()[0]?.id ?? ""));
  assert.deepEqual(
    discord.said(discord.hall).map(({ content }) => content),
    ["here", "here again"],
  );
});

test("an answer that a command's place refuses goes into the channel", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  discord.command(discord.hall, "help", "", ann);
  const replyTo = await asked(rig);
  const route = "PATCH /webhooks/:id/:token/messages/@original";
  discord.fault({ route }, { kind: "refuse", status: 403, code: 50_013, message: "Missing Permissions" });
  await answer(rig, discord.hall, "there", replyTo);
  assert.ok(discord.said(discord.hall).some(({ content }) => content === "there"));
});

test("an argument's suggestions come as it is typed", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const places: unknown[] = [];
  const adapter = rig.make({
    suggest: async ({ chat, kind, sender }) => {
      places.push([chat, kind, sender.id]);
      return ["qwen"];
    },
  });
  await adapter.start(rig.inlet);
  const typed = discord.typeArgument(discord.hall, "model", "qw", ann);
  const { data } = await discord.waitFor(() => discord.interactions.get(typed).answered === 8 && discord.interactions.get(typed));
  assert.deepEqual(data["choices"], [{ name: "qwen", value: "qwen" }]);
  await adapter.close();
  assert.deepEqual(places, [[chatRef(discord.hall), "shared", ann]], "what is offered there depends on who reads along");
  assert.equal(rig.inlet.received.length, 0);
});

test("an expired interaction and one that another gateway has answered do no harm", async () => {
  await using rig = await openRig();
  const { discord } = rig;
  const route = "POST /interactions/:id/:token/callback";
  discord.fault({ route }, { kind: "refuse", status: 404, code: 10_062, message: "Unknown interaction" });
  discord.command(discord.hall, "help", "", ann);
  await answer(rig, discord.hall, "in the channel", await asked(rig));
  discord.fault({ route }, { kind: "refuse", status: 400, code: 40_060, message: "Interaction has already been acknowledged." });
  discord.command(discord.hall, "help", "", ann);
  await answer(rig, discord.hall, "too", await asked(rig, 2));
  assert.deepEqual(
    discord.said(discord.hall).map(({ content }) => content),
    ["in the channel", "too"],
  );
});

test("commands are registered when they have changed, for everybody or for one server", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  const registered = () =>
    discord.calls.filter(({ route, status }) => route.startsWith("PUT /applications") && status === 200).length;
  await rig.adapter.start(inlet);
  await discord.waitFor(() => rig.kept.has(`discord:${discord.bot}:commands:global`));
  await rig.adapter.close();
  await using same = disposable(rig.make());
  await same.adapter.start(inlet);
  discord.write(ann, "hello");
  await rig.received(1);
  assert.equal(registered(), 1);
  const [, model] = discord.commands();
  assert.deepEqual(model?.["options"], [{ type: 3, name: "text", description: "A model", required: false, autocomplete: true }]);
  assert.deepEqual(model["contexts"], [0, 1]);
  await using guild = disposable(rig.make({ slashCommands: { guild: discord.guild } }));
  await guild.adapter.start(inlet);
  await discord.waitFor(() => discord.commands(discord.guild).length === 2 && discord.commands().length === 0);
  await using none = disposable(rig.make({ slashCommands: null }));
  await none.adapter.start(inlet);
  await discord.waitFor(() => discord.commands(discord.guild).length === 0);
});

function disposable(adapter: Rig["adapter"]) {
  return { adapter, [Symbol.asyncDispose]: () => adapter.close() };
}
