import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { checkSlack } from "../../src/cli/doctor/slack.ts";
import { slackServer } from "../doubles/slack.ts";

test("doctor says who the bot is, what is missing, and how to mend it; no token is printed", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "hermes-slack-doctor-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  await using slack = await slackServer({ scopes: "chat:write,commands" });
  const { botToken, appToken, url } = slack;
  const check = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const found = await checkSlack({ loaded: await loadConfig({ env: { SLACK_API_URL: url, ...env }, home }) });
    return found.map(({ state, text, mend }) => `${state} ${text} ${mend}`).join("\n");
  };
  const all = [
    await check({}),
    await check({ SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken }),
    await check({ SLACK_BOT_TOKEN: botToken }),
    await check({ SLACK_BOT_TOKEN: botToken, SLACK_SIGNING_SECRET: "s" }),
    await check({ SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: "xapp-wrong" }),
    await check({ SLACK_BOT_TOKEN: "xoxb-wrong", SLACK_APP_TOKEN: appToken }),
    await check({ SLACK_BOT_TOKEN: botToken, SLACK_API_URL: "http://127.0.0.1:1/api/" }),
  ];
  slack.fault({ method: "apps.connections.open" }, { kind: "limit", retryAfter: 1 });
  all.push(await check({ SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken }));
  slack.fault({ method: "auth.test" }, { kind: "limit", retryAfter: 1 });
  all.push(await check({ SLACK_BOT_TOKEN: botToken }));
  for (const [at, expected] of [
    /^ok Off/,
    /^ok @hermes in Team\. \nok Slack reaches it over a socket\. \nwarn The app lacks app_mentions:read,[^]*slack-manifest/,
    /^ok @hermes[^]*fail Nothing can reach it\.[^]*SLACK_APP_TOKEN[^]*SLACK_SIGNING_SECRET/,
    /^ok @hermes[^]*ok Slack calls it at http:\/\/127\.0\.0\.1:3000\/slack\/events/,
    /^ok @hermes[^]*fail The app-level token is refused: [^]*invalid_auth[^]*connections:write/,
    /^fail The bot's token is refused: invalid_auth/,
    /^fail http:\/\/127\.0\.0\.1:1\/api\/ does not answer/,
    /^ok @hermes[^]*warn Slack asks to wait\. Try again in a minute\./,
    /^warn Slack asks to wait\. Try again in a minute\.$/,
  ].entries())
    assert.match(all[at] ?? "", expected);
  assert.ok(all.every((each) => !each.includes(botToken) && !each.includes("wrong")));
});
