import assert from "node:assert/strict";
import type { SlackMessage } from "../../doubles/slack-chats.ts";
import { type SlackServer, slackServer } from "../../doubles/slack.ts";
import { type Driver, type Line, type Talk, type TestFile, shown } from "./driver.ts";

interface Place {
  readonly channel: string;
  readonly user: string;
  /** Null: nothing has been said there. */
  root: string | null;
}

const patienceMs = 60_000;

/** Slack: threads of private chats, and of channels by mention. */
export async function slackDriver(): Promise<Driver & { readonly slack: SlackServer }> {
  const slack = await slackServer({ tiers: false });
  const places = new Map<Talk, Place>();
  let count = 100;
  const next = (): number => (count += 1);
  const open = (place: Place): Talk => {
    const { channel, user } = place;
    const lines = (): readonly Line[] => [
      ...(place.root === null ? [] : slack.messages(channel, place.root).map((message) => line(slack, message))),
      ...slack.responses.filter((each) => each.channel === channel).map(({ body }) => privately(JSON.stringify(body))),
    ];
    const talk: Talk = {
      async say(text, file) {
        const extra = file && { extra: { subtype: "file_share", files: [kept(slack, file)] } };
        const mention = channel.startsWith("D") || place.root !== null ? "" : `<@${slack.bot}> `;
        const thread = place.root === null ? {} : { thread: place.root };
        const ts = slack.say(channel, `${mention}${text}`, { user, ...thread, ...extra });
        place.root ??= ts;
        const told = slack.events.envelopes.filter(({ payload }) => JSON.stringify(payload).includes(`"ts":"${ts}"`));
        return async () => told.forEach(slack.events.redeliver);
      },
      command: async (name) => void slack.slash(channel, "/hermes", name, user),
      async press(label) {
        const message = slack
          .messages(channel, place.root)
          .findLast(({ buttons }) => buttons.some((each) => each.label === label));
        slack.press(channel, message?.ts ?? assert.fail(`no button ${label}`), label, user);
      },
      stop: async () => void slack.stop(channel, place.root ?? assert.fail("nothing is written there"), user),
      until: (look) =>
        shown(
          slack.waitFor(() => look(lines()), patienceMs),
          lines,
        ),
    };
    places.set(talk, place);
    return talk;
  };
  const placeOf = (talk: Talk): Place => places.get(talk) ?? assert.fail("this talk is none of Slack's");
  const plan = (talk: Talk, times: number, fault: Parameters<SlackServer["fault"]>[1]) => {
    const { channel } = placeOf(talk);
    const lift = ["chat.postMessage", "chat.startStream", "chat.stopStream"].map((method) =>
      slack.fault({ method, channel, times }, fault),
    );
    return () => lift.forEach((each) => each());
  };
  return {
    platform: "slack",
    slack,
    env: { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.url },
    connected: async (hermes) => void (await hermes.printed(/slack is connected/)),
    talk: async () => open({ channel: `D${next()}`, user: `U${next()}`, root: null }),
    async threads() {
      const channel = `C${next()}`;
      return [open({ channel, user: `U${next()}`, root: null }), open({ channel, user: `U${next()}`, root: null })];
    },
    trouble(talk, trouble) {
      switch (trouble) {
        case "limit":
          return plan(talk, Infinity, { kind: "limit", retryAfter: 1 });
        case "lost":
          return plan(talk, 1, { kind: "reset", when: "after" });
        case "garbled":
          return plan(talk, 1, { kind: "garble", status: 502, body: "<html>Bad Gateway", done: true });
      }
    },
    cut: slack.dropSockets,
    disorder() {
      slack.events.hold();
      return () => slack.events.release("reversed");
    },
    remove(talk) {
      const { channel, root } = placeOf(talk);
      slack.channel(channel, { deletedThreads: [root ?? ""] });
    },
    rename: (talk, name) => void slack.names.set(placeOf(talk).user, name),
    // What was not acknowledged is told to whoever connects next.
    forget: () => undefined,
    repeats: false,
    alone: false,
    lacks: {},
    [Symbol.asyncDispose]: () => slack.close(),
  };
}

function line(slack: SlackServer, { text, buttons, files, stream }: SlackMessage): Line {
  const [first] = files;
  const file = first === undefined ? undefined : slack.uploads.get(first.id);
  // A stream may end in empty lines, which nobody sees.
  return { text: text.trimEnd(), buttons: buttons.map(({ label }) => label), file: file ?? null, written: stream !== "open" };
}

/** What only the sender of a slash command sees. */
function privately(text: string): Line {
  return { text, buttons: [], file: null, written: true };
}

function kept(slack: SlackServer, { name, bytes }: TestFile): object {
  const id = `F${slack.uploads.size + 1}`;
  slack.uploads.set(id, { name, bytes });
  const url = `${slack.origin}/files/${id}/${name}`;
  return { id, name, mimetype: "text/plain", size: bytes.length, url_private: url };
}
