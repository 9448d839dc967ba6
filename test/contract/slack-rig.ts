import assert from "node:assert/strict";
import type { Adapter, NamedChannel, Progress } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Log } from "../../src/core/log.ts";
import { createSlack, type SlackOptions } from "../../adapters/slack/adapter.ts";
import { slackServer, type SlackServerOptions } from "../doubles/slack.ts";
import type { SlackCall } from "../doubles/slack-wire.ts";
import { recordingInlet } from "./telegram-rig.ts";

interface Line {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export type SlackRig = Awaited<ReturnType<typeof slackRig>>;

/** A double, an adapter on it over a socket, and what both have seen. */
export async function slackRig(server: SlackServerOptions = {}, overrides: Partial<SlackOptions> = {}) {
  const slack = await slackServer(server);
  const inlet = recordingInlet();
  const lines: Line[] = [];
  const renamed: NamedChannel[] = [];
  const kept = new Map<string, string>();
  const at = (level: keyof Log) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push({ level, fields, message });
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const make = (more: Partial<SlackOptions> = {}) =>
    createSlack({
      botToken: slack.botToken,
      door: { type: "socket", appToken: slack.appToken },
      apiUrl: slack.url,
      allowedChannels: [],
      commands: [
        { name: "stop", aliases: [] },
        { name: "new", aliases: ["reset"] },
      ],
      isSkill: async (at, name) => name === "k8s" || (at.kind === "private" && name === "my-diary"),
      renamed: (channel) => void renamed.push(channel),
      catchUpMs: 3_600_000,
      settings: { get: async (key) => kept.get(key) ?? null, set: async (key, value) => void kept.set(key, value) },
      log,
      patienceMs: 20_000,
      ...overrides,
      ...more,
    });
  const adapter = make();
  return {
    slack,
    adapter,
    make,
    inlet,
    lines,
    renamed,
    kept,
    callsOf: (method: string): readonly SlackCall[] => slack.calls.filter((call) => call.method === method),
    /** Resolves when this many events have been taken. */
    received: async (count: number): Promise<readonly Inbound[]> =>
      await slack.waitFor(() => inlet.received.length >= count && inlet.received),
    async [Symbol.asyncDispose]() {
      await adapter.close();
      await slack.close();
    },
  };
}

export function slackChat(channel: string, thread: string | null = null): ChatRef {
  return { platform: "slack", chat: channel, thread };
}

/** The first message that a Markdown becomes. */
export function chunkOf<Chunk>(adapter: Adapter<Chunk>, markdown: string): Chunk {
  for (const chunk of adapter.render(markdown)) return chunk;
  throw new Error("nothing was rendered");
}

/** A turn that is shown in a thread of a private chat, unless said otherwise. */
export function turnIn(rig: SlackRig, channel = "D1", turn = "t1") {
  const root = rig.slack.say(channel, "hi");
  const chat = slackChat(channel, root);
  const at: { message: string | null } = { message: null };
  return {
    root,
    chat,
    at,
    async feed(text: string, tools: Progress["tools"] = []) {
      at.message =
        (await rig.adapter.stream?.(chat, turn, { text, tools, notice: "" }, { replyTo: root, message: at.message })) ?? null;
    },
    async end(text: string) {
      const chunk = chunkOf(rig.adapter, text);
      await rig.adapter.edit(chat, at.message ?? assert.fail("nothing is shown"), chunk, {});
    },
    shown: () => rig.slack.messages(channel, root),
  };
}
