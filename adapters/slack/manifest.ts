import { slackScopes } from "../../src/config/slack-scopes.ts";
import type { OfferedCommand } from "../../src/core/language.ts";
import type { Fields } from "./fields.ts";

/** Shown to whoever opens the agent. */
export const suggestedPrompts = [
  { title: "What can you do?", message: "What can you do here?" },
  { title: "Summarise something", message: "Summarise the text that I paste next." },
  { title: "Run something", message: "Write a small script, run it in your sandbox, and show me what it prints." },
] as const;

const events = [
  "agent_session_stopped",
  "app_home_opened",
  "app_mention",
  "channel_rename",
  "group_rename",
  "member_left_channel",
  "message.channels",
  "message.groups",
  "message.im",
  "message.mpim",
  "tokens_revoked",
  "app_uninstalled",
] as const;

/** Names that Slack keeps for itself: those commands are reached by `/hermes NAME`. */
const taken = new Set([
  "status",
  "help",
  "search",
  "remind",
  "me",
  "msg",
  "who",
  "invite",
  "leave",
  "mute",
  "open",
  "topic",
  "call",
  "feed",
]);

/** The app as Slack's "From a manifest" takes it: agent view, Socket Mode, one command with sub-commands, and named ones. */
export function manifest(commands: readonly Pick<OfferedCommand, "name" | "description" | "argument">[]): Fields {
  const named = commands.filter(({ name }) => !taken.has(name) && name !== "start");
  const slash = [
    { command: "/hermes", description: "Ask the agent, or run one of its commands", usage_hint: "help" },
    ...named.map(({ name, description, argument }) => ({
      command: `/${name}`,
      description: description.slice(0, 140),
      ...(argument ? { usage_hint: argument.description } : {}),
    })),
  ];
  return {
    display_information: { name: "Hermes", description: "An agent for the whole team, on your own model server" },
    features: {
      app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: "Hermes", always_online: true },
      agent_view: {
        agent_description: "Answers, runs commands in a sandbox, and remembers.",
        suggested_prompts: suggestedPrompts,
      },
      slash_commands: slash.map((each) => ({ ...each, should_escape: true })),
    },
    oauth_config: { scopes: { bot: slackScopes } },
    settings: {
      event_subscriptions: { bot_events: events },
      interactivity: { is_enabled: true },
      org_deploy_enabled: false,
      socket_mode_enabled: true,
      token_rotation_enabled: false,
    },
  };
}
