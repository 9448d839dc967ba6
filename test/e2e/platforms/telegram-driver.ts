import { type TelegramServer, telegramServer } from "../../doubles/telegram.ts";
import { type Driver, type Line, type Talk, shown } from "./driver.ts";

interface Place {
  readonly chat: number;
  readonly thread: number | null;
  /** Who talks here. */
  readonly person: number;
  name: string | null;
}

const patienceMs = 60_000;

/** Telegram: private chats with drafts, and topics of a forum. */
export async function telegramDriver(): Promise<Driver & { readonly telegram: TelegramServer }> {
  const telegram = await telegramServer();
  const places = new Map<Talk, Place>();
  let last = 1_000;
  const open = (place: Place): Talk => {
    const { chat, thread } = place;
    const lines = (): readonly Line[] => [
      ...telegram
        .messages(chat)
        .filter((each) => each.thread === thread)
        .map((message) => ({
          text: message.text,
          buttons: message.buttons.map(({ label }) => label),
          file: message.file ?? null,
          written: true,
        })),
      ...telegram.drafts(chat).map(({ text }) => ({ text, buttons: [], file: null, written: false })),
    ];
    const write = (text: string, extra: object = {}): number =>
      telegram.say(chat, text, {
        ...(chat > 0 && place.name === null ? {} : { from: { id: place.person, name: place.name ?? "Ann" } }),
        ...(thread === null ? {} : { thread }),
        extra: { ...extra },
      });
    const talk: Talk = {
      async say(text, file) {
        const words = chat > 0 ? text : `@${telegram.bot.username} ${text}`;
        const document = file && { ...telegram.file(file.bytes), file_name: file.name };
        const update = document ? write("", { caption: words, document }) : write(words);
        return async () => telegram.redeliver(update);
      },
      command: async (name) => void write(`/${name}`),
      async press(label) {
        const message = telegram.messages(chat).findLast(({ buttons }) => buttons.some((each) => each.label === label));
        const data = message?.buttons.find((each) => each.label === label)?.data;
        telegram.press(chat, message?.id ?? 0, data ?? "", { from: place.person });
      },
      stop: async () => void telegram.stopDraft(chat),
      until: (look) =>
        shown(
          telegram.waitFor(() => look(lines()), patienceMs),
          lines,
        ),
    };
    places.set(talk, place);
    return talk;
  };
  const placeOf = (talk: Talk): Place => {
    const place = places.get(talk);
    if (!place) throw new Error("this talk is none of Telegram's");
    return place;
  };
  return {
    platform: "telegram",
    telegram,
    env: { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url },
    connected: async (hermes) => void (await hermes.printed(/telegram is connected/)),
    talk: async () => open({ chat: (last += 1), thread: null, person: last, name: null }),
    async threads() {
      const chat = -(last += 1);
      return [open({ chat, thread: 7, person: last, name: null }), open({ chat, thread: 8, person: last, name: null })];
    },
    trouble(talk, trouble) {
      const target = { method: "sendMessage", chat: placeOf(talk).chat };
      switch (trouble) {
        case "limit":
          return telegram.fault({ ...target, times: Infinity }, { kind: "limit", retryAfter: 1 });
        case "lost":
          return telegram.fault(target, { kind: "reset", when: "after" });
        case "garbled":
          return telegram.fault(target, { kind: "garble", status: 502, body: "<html>Bad Gateway" });
      }
    },
    cut: telegram.cutPolls,
    disorder() {
      telegram.hold();
      return () => telegram.release("reversed");
    },
    remove(talk) {
      const { chat, thread } = placeOf(talk);
      telegram.chat(chat, { deletedThreads: [thread ?? 0] });
    },
    rename(talk, name) {
      placeOf(talk).name = name;
    },
    // Updates are kept for whoever asks next.
    forget: () => undefined,
    repeats: true,
    alone: false,
    lacks: {},
    [Symbol.asyncDispose]: () => telegram.close(),
  };
}
