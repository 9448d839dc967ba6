import { address, ids, text, whole } from "./kinds.ts";
import { row } from "./row.ts";

/** The rows of Slack. */
export const slackKeys = {
  "slack.bot_token": row(text("a token that begins with xoxb-"), null, "Turns Slack on.", {
    env: "SLACK_BOT_TOKEN",
    secret: true,
  }),
  "slack.app_token": row(
    text("a token that begins with xapp-"),
    null,
    "Receives over a socket (Socket Mode): no public address needed.",
    {
      env: "SLACK_APP_TOKEN",
      secret: true,
    },
  ),
  "slack.signing_secret": row(text("a signing secret"), null, "Receives over HTTP instead, where no app token is set.", {
    env: "SLACK_SIGNING_SECRET",
    secret: true,
  }),
  "slack.http_host": row(text("an address"), "127.0.0.1", "Where Slack's calls are listened for, behind your proxy.", {
    env: "SLACK_HTTP_HOST",
  }),
  "slack.http_port": row(
    whole(0, 65_535, ""),
    3_000,
    "The port for Slack's calls; their path is `/slack/events`. 0: whichever is free.",
    {
      env: "SLACK_HTTP_PORT",
    },
  ),
  "slack.api_url": row(address(["http", "https"], "https://slack.com/api/"), "https://slack.com/api/", "The Web API.", {
    env: "SLACK_API_URL",
  }),
  "slack.allowed_users": row(ids("U012AB3CD"), [], "Accounts that are let in without a pairing code.", {
    env: "SLACK_ALLOWED_USERS",
  }),
  "slack.allowed_channels": row(
    ids("C012AB3CD"),
    [],
    "Channels to listen in; empty: all that the bot is in. Private chats always count.",
    {
      env: "SLACK_ALLOWED_CHANNELS",
    },
  ),
  "slack.catch_up_minutes": row(
    whole(0, 10_080, "minutes"),
    60,
    "Messages missed while away are answered up to this age; older ones are named, not answered.",
  ),
};
