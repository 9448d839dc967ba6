import type { Log } from "../../src/core/log.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { reason } from "./errors.ts";
import { type Fields, fields, text } from "./fields.ts";
import { suggestedPrompts } from "./manifest.ts";

/** What Slack tells that is no message. */
export interface Welcome {
  heard(body: Fields): void;
}

const most = 5_000;

/** Shows what can be asked to whoever opens our page for the first time, and says in the log when the app was removed. */
export function createWelcome(api: SlackApi, budget: Budget, log: Log): Welcome {
  const shown = new Set<string>();
  const suggest = async (channel: string): Promise<void> => {
    if (shown.has(channel) || !budget.take("assistant.threads.setSuggestedPrompts")) return;
    if (shown.size >= most) shown.clear();
    shown.add(channel);
    await api
      .aside("assistant.threads.setSuggestedPrompts", { channel_id: channel, prompts: suggestedPrompts })
      .catch((error: unknown) => log.debug({ reason: reason(error) }, "Slack took no suggested prompts"));
  };
  return {
    heard(body) {
      const event = fields(body["event"]);
      const channel = text(event["channel"]);
      if (event["type"] === "app_home_opened" && event["tab"] === "messages" && channel !== null) void suggest(channel);
      if (event["type"] === "tokens_revoked" || event["type"] === "app_uninstalled")
        log.error({}, "Slack has taken the bot's token back: reinstall the app and set SLACK_BOT_TOKEN to its new token");
    },
  };
}
