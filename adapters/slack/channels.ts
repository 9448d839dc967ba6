import type { NamedChannel } from "../../src/core/adapter.ts";
import type { SlackApi } from "./api.ts";
import { fields, items, text } from "./fields.ts";

/** Slack's page of channels, and how many pages are read. */
const pageSize = 200;
const mostPages = 10;

/** The channels that the bot is in, by name; none where Slack does not say (a scope is missing). */
export async function namedChannels(api: SlackApi): Promise<readonly NamedChannel[]> {
  const found: NamedChannel[] = [];
  let cursor = "";
  for (let page = 0; page < mostPages; page += 1) {
    const asked = {
      types: "public_channel,private_channel",
      exclude_archived: true,
      limit: pageSize,
      ...(cursor === "" ? {} : { cursor }),
    };
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
