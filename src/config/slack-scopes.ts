/** What the Slack app of this version is given by its manifest, and what it needs to work fully. */
export const slackScopes = [
  "app_mentions:read",
  "assistant:write",
  "channels:history",
  "channels:read",
  "chat:write",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:write",
  "mpim:history",
  "users:read",
] as const;
