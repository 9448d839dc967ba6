import { randomUUID } from "node:crypto";
import type { SlackChats } from "./slack-chats.ts";
import type { SlackEnvelope, SlackEvents } from "./slack-events.ts";
import type { Params } from "./slack-wire.ts";

export interface SaySlack {
  readonly user?: string;
  readonly thread?: string;
  /** Further fields of the event. */
  readonly extra?: Params;
  /** A mention comes as two events; with this, as the one named. */
  readonly comesAs?: "message" | "app_mention";
  /** False: the app is not told of it, as of what was written long before it came back. */
  readonly told?: boolean;
}

/** What people do in the workspace; each becomes the events that Slack sends. */
export interface SlackPeople {
  /** Writes a message. In channels one that mentions the bot comes as two events. Returns its ts. */
  say(channel: string, text: string, options?: SaySlack): string;
  /** Presses a button of a message of the bot's. */
  press(channel: string, ts: string, label: string, user?: string): SlackEnvelope;
  /** Types a slash command. */
  slash(channel: string, command: string, text: string, user?: string): SlackEnvelope;
  /** Presses Stop while the agent works in a thread. */
  stop(channel: string, thread: string, user?: string): SlackEnvelope;
  /** Leaves a channel, or is removed from it. */
  leave(channel: string, user?: string): SlackEnvelope;
  /** An event of any shape. */
  event(event: Params): SlackEnvelope;
}

export interface SlackPeopleParts {
  readonly chats: SlackChats;
  readonly events: SlackEvents;
  readonly team: string;
  readonly bot: string;
  /** Where the answers to a slash command go. */
  responseUrl(channel: string): string;
}

export function createSlackPeople({ chats, events, team, bot, responseUrl }: SlackPeopleParts): SlackPeople {
  const event = (body: Params): SlackEnvelope =>
    events.tell("events_api", {
      token: "verification",
      team_id: team,
      api_app_id: "A1",
      event: body,
      type: "event_callback",
      event_id: `Ev${randomUUID()}`,
      event_time: Math.floor(Date.now() / 1_000),
      authorizations: [{ enterprise_id: null, team_id: team, user_id: bot, is_bot: true }],
    });
  return {
    event,
    say(channel, text, { user = "U7", thread, extra, comesAs, told = true } = {}) {
      const ts = chats.write(channel, thread ?? null, user, text);
      if (!told) return ts;
      const about = {
        user,
        text,
        ts,
        channel,
        team,
        event_ts: ts,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        ...extra,
      };
      const kind = channel.startsWith("D") ? "im" : channel.startsWith("G") ? "group" : "channel";
      const mentions = kind !== "im" && (text.includes(`<@${bot}>`) || text.includes(`<@${bot}|`));
      if (mentions && comesAs !== "message") event({ type: "app_mention", ...about });
      if (comesAs !== "app_mention") event({ type: "message", channel_type: kind, client_msg_id: randomUUID(), ...about });
      return ts;
    },
    leave(channel, user = "U7") {
      const channel_type = channel.startsWith("G") ? "G" : "C";
      return event({ type: "member_left_channel", user, channel, channel_type, team, event_ts: String(Date.now() / 1_000) });
    },
    press(channel, ts, label, user = "U7") {
      const message = chats.messages.find((each) => each.channel === channel && each.ts === ts);
      const button = message?.buttons.find((each) => each.label === label);
      if (!message || !button) throw new Error(`no button ${label} there`);
      const thread = message.thread === null ? {} : { thread_ts: message.thread };
      return events.tell("interactive", {
        type: "block_actions",
        team: { id: team, domain: "team" },
        user: { id: user, username: user.toLowerCase(), name: user.toLowerCase(), team_id: team },
        api_app_id: "A1",
        container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false, ...thread },
        trigger_id: `trigger.${randomUUID()}`,
        channel: { id: channel, name: "any" },
        message: { type: "message", user: bot, ts, text: message.text, ...thread },
        response_url: responseUrl(channel),
        actions: [
          {
            action_id: button.action,
            block_id: "b",
            text: { type: "plain_text", text: button.label },
            value: button.value,
            type: "button",
            action_ts: String(Date.now() / 1_000),
          },
        ],
      });
    },
    slash(channel, command, text, user = "U7") {
      return events.tell("slash_commands", {
        token: "verification",
        team_id: team,
        team_domain: "team",
        channel_id: channel,
        channel_name: channel.startsWith("D") ? "directmessage" : "any",
        user_id: user,
        user_name: user.toLowerCase(),
        command,
        text,
        api_app_id: "A1",
        is_enterprise_install: "false",
        response_url: responseUrl(channel),
        trigger_id: `trigger.${randomUUID()}`,
      });
    },
    stop(channel, thread, user = "U7") {
      const streaming_message_ts = chats.stop(channel, thread);
      return event({ type: "agent_session_stopped", channel, thread_ts: thread, user, streaming_message_ts });
    },
  };
}
