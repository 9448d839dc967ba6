import type { NamedChannel } from "../../src/core/adapter.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { type Fields, fields, items, text } from "./fields.ts";

/** Slack's page of channels, and how many pages are read. */
const pageSize = 200;
const mostPages = 10;

/** So long they are taken to be the same. */
const freshMs = 60_000;

export interface Channels {
  /** Those that the bot is in, by name; none where Slack does not say (a scope is missing). */
  all(): Promise<readonly NamedChannel[]>;
  /** Takes what Slack tells of a channel's new name. */
  heard(body: Fields): void;
}

/** What channels are called; `renamed` is told of those that are called otherwise from now on. */
export function createChannels(api: SlackApi, budget: Budget, renamed: (channel: NamedChannel) => void): Channels {
  let known: { readonly at: number; readonly channels: Promise<readonly NamedChannel[]> } | null = null;
  return {
    async all() {
      const now = performance.now();
      if (known === null || now - known.at > freshMs) known = { at: now, channels: namedChannels(api, budget) };
      const channels = await known.channels;
      if (channels.length === 0) known = null;
      return channels;
    },
    heard(body) {
      const event = fields(body["event"]);
      if (event["type"] !== "channel_rename" && event["type"] !== "group_rename") return;
      const [chat, name] = [text(fields(event["channel"])["id"]), text(fields(event["channel"])["name"])];
      if (chat === null || name === null) return;
      known = null;
      renamed({ chat, name });
    },
  };
}

async function namedChannels(api: SlackApi, budget: Budget): Promise<readonly NamedChannel[]> {
  const found: NamedChannel[] = [];
  let cursor = "";
  for (let page = 0; page < mostPages; page += 1) {
    const asked = {
      types: "public_channel,private_channel",
      exclude_archived: true,
      limit: pageSize,
      ...(cursor === "" ? {} : { cursor }),
    };
    if (!budget.take("users.conversations")) return found;
    const told = await api.aside("users.conversations", asked).catch(() => null);
    if (told === null) return found;
    for (const each of items(told["channels"])) {
      const [chat, name] = [text(each["id"]), text(each["name"])];
      if (chat !== null && name !== null) found.push({ chat, name });
    }
    cursor = text(fields(told["response_metadata"])["next_cursor"]) ?? "";
    if (cursor === "") return found;
  }
  return found;
}
