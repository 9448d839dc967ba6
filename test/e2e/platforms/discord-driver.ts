import assert from "node:assert/strict";
import { buttonsOf, type DiscordServer, discordServer } from "../../doubles/discord.ts";
import type { Message } from "../../doubles/discord-world.ts";
import { type Driver, type Line, type Talk, type TestFile, shown } from "./driver.ts";

interface Place {
  /** Null: a thread that has not begun. */
  channel: string | null;
  readonly person: string;
  name: string | null;
}

const patienceMs = 60_000;

/** Discord: private chats, and threads that mentions begin. */
export async function discordDriver(): Promise<Driver & { readonly discord: DiscordServer }> {
  const discord = await discordServer();
  const places = new Map<Talk, Place>();
  let count = 0;
  const someone = (): string => `5000000000000${String((count += 1)).padStart(5, "0")}`;
  const open = (place: Place): Talk => {
    const lines = (): readonly Line[] => (place.channel === null ? [] : discord.said(place.channel).map(line));
    const write = (text: string, file?: TestFile): Message => {
      const extra = file ? { attachments: [attachment(discord, file)] } : {};
      const options = { from: place.person, ...(place.name === null ? {} : { name: place.name }), extra };
      if (place.channel !== null) return discord.say(place.channel, text, options);
      const first = discord.say(discord.hall, `<@${discord.bot}> ${text}`, options);
      place.channel = first.id;
      return first;
    };
    const at = (): string => place.channel ?? assert.fail("nothing has been said there");
    const talk: Talk = {
      async say(text, file) {
        const message = write(text, file);
        const { guild } = discord.channel(message.channel);
        const told = { ...discord.world.wire(message), ...(guild === null ? {} : { guild_id: guild }) };
        return async () => void discord.gateway.dispatch("MESSAGE_CREATE", told);
      },
      command: async (name) => void discord.command(at(), name, "", place.person),
      async press(label) {
        const message = discord.said(at()).findLast((each) => buttonsOf(each).some((button) => button.label === label));
        discord.press(at(), message?.id ?? assert.fail(`no button ${label}`), label, place.person);
      },
      stop: () => talk.press("Stop"),
      until: (look) =>
        shown(
          discord.waitFor(() => look(lines()), patienceMs),
          lines,
        ),
    };
    places.set(talk, place);
    return talk;
  };
  const placeOf = (talk: Talk): Place => places.get(talk) ?? assert.fail("this talk is none of Discord's");
  const thread = (): Talk => open({ channel: null, person: someone(), name: null });
  return {
    platform: "discord",
    discord,
    env: { DISCORD_BOT_TOKEN: discord.token, DISCORD_API_URL: discord.url },
    connected: async (hermes) => void (await hermes.printed(/discord is connected/)),
    async talk() {
      const person = someone();
      return open({ channel: discord.world.privateChat(person).id, person, name: null });
    },
    threads: async () => [thread(), thread()],
    trouble(talk, trouble) {
      const target = { route: "POST /channels/:id/messages", channel: placeOf(talk).channel ?? "" };
      switch (trouble) {
        case "limit":
          return discord.fault({ ...target, times: Infinity }, { kind: "limit", retryAfter: 1 });
        case "lost":
          return discord.fault(target, { kind: "reset", when: "after" });
        case "garbled":
          return discord.fault(target, { kind: "garble", status: 502, body: "<html>Bad Gateway" });
      }
    },
    cut: () => discord.gateway.drop(0),
    disorder() {
      discord.gateway.hold();
      return () => discord.gateway.release("reversed");
    },
    remove: (talk) => discord.deleteChannel(placeOf(talk).channel ?? ""),
    rename(talk, name) {
      placeOf(talk).name = name;
    },
    forget: discord.gateway.forget,
    repeats: false,
    alone: false,
    lacks: {},
    [Symbol.asyncDispose]: () => discord.close(),
  };
}

function line(message: Message): Line {
  const buttons = buttonsOf(message).map(({ label }) => label);
  const [file] = message.files;
  return { text: message.content, buttons, file: file ?? null, written: !message.thinking && !buttons.includes("Stop") };
}

function attachment(discord: DiscordServer, { name, bytes }: TestFile): object {
  return { id: "1", filename: name, size: bytes.length, url: discord.host(bytes, "text/plain"), content_type: "text/plain" };
}
