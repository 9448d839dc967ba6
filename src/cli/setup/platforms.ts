import { type Config, keyOf, type KeyPath } from "../../config/keys.ts";
import { loadConfig } from "../../config/load.ts";
import { verifyDiscord } from "./discord.ts";
import { slackAppPage, slackManifest } from "./links.ts";
import { verifySlackApp, verifySlackBot } from "./slack.ts";
import { type Flags, type Setup, type StepEnd, tell } from "./step.ts";
import { telegramTokenIn, verifyTelegram } from "./telegram.ts";
import type { Verdict } from "./verdict.ts";

/** Something secret that a platform takes. */
interface Secret {
  readonly path: KeyPath;
  readonly flag: keyof Flags;
  /** The one in force. */
  now(config: Config): string | null;
}

/** A token that a platform needs, and that it can be asked about. */
interface Token extends Secret {
  readonly question: string;
  verify(config: Config, token: string): Promise<Verdict>;
  /** The token within what was pasted. */
  within?(pasted: string): string;
}

export interface PlatformSetup {
  readonly name: "telegram" | "discord" | "slack";
  readonly title: string;
  /** How to come by its tokens. */
  readonly how: readonly string[];
  /** The first one is the bot's own: its verdict names the bot. */
  readonly tokens: readonly [Token, ...Token[]];
  /** What does in place of the second token. It can't be asked about. */
  readonly instead?: Secret;
}

/** The platforms, in the order they are offered. */
export const platformSetups: readonly PlatformSetup[] = [
  {
    name: "telegram",
    title: "Telegram",
    how: ["In Telegram, open @BotFather (https://t.me/BotFather), send /newbot, and copy the token it answers with."],
    tokens: [
      {
        path: "telegram.bot_token",
        flag: "telegramToken",
        question: "The bot's token",
        now: ({ telegram }) => telegram.botToken,
        verify: ({ telegram }, token) => verifyTelegram(telegram.apiRoot, token),
        within: telegramTokenIn,
      },
    ],
  },
  {
    name: "discord",
    title: "Discord",
    how: [
      "At https://discord.com/developers/applications, choose New Application and give it a name.",
      "Under Bot, turn on Message Content Intent; then Reset Token, and copy the token.",
    ],
    tokens: [
      {
        path: "discord.bot_token",
        flag: "discordToken",
        question: "The bot's token",
        now: ({ discord }) => discord.botToken,
        verify: ({ discord }, token) => verifyDiscord(discord.apiUrl, token),
      },
    ],
  },
  {
    name: "slack",
    title: "Slack",
    how: [
      `At ${slackAppPage}, choose From a manifest, your workspace, and paste ${slackManifest}`,
      "Under Basic Information, App-Level Tokens, generate one with the scope connections:write (xapp-…).",
      "Under Install App, install it to the workspace, and copy the bot's token (xoxb-…).",
    ],
    tokens: [
      {
        path: "slack.bot_token",
        flag: "slackBotToken",
        question: "The bot's token (xoxb-…)",
        now: ({ slack }) => slack.botToken,
        verify: ({ slack }, token) => verifySlackBot(slack.apiUrl, token),
      },
      {
        path: "slack.app_token",
        flag: "slackAppToken",
        question: "The app-level token (xapp-…)",
        now: ({ slack }) => slack.appToken,
        verify: ({ slack }, token) => verifySlackApp(slack.apiUrl, token),
      },
    ],
    instead: { path: "slack.signing_secret", flag: "slackSigningSecret", now: ({ slack }) => slack.signingSecret },
  },
];

/** Platforms: a token of each that is wished for, verified with the platform before it is saved. */
export async function setUpPlatforms(setup: Setup): Promise<readonly StepEnd[]> {
  const flagged = platformSetups.filter((platform) => secretsOf(platform).some(({ flag }) => setup.flags[flag] !== undefined));
  const ends = new Map<string, StepEnd>();
  for (const platform of flagged) ends.set(platform.name, await connectGiven(setup, platform));
  const others = platformSetups.filter(({ name }) => !ends.has(name));
  await Promise.all(others.map(async (platform) => ends.set(platform.name, await lookAt(setup, platform))));
  await keepPassing(setup, ends);
  if (setup.talk !== null && flagged.length === 0) await connectAsked(setup, setup.talk, ends);
  const all = platformSetups.flatMap(({ name }) => ends.get(name) ?? []);
  const none = all.every(({ state }) => state === "open");
  return none ? [{ state: "open", about: "platforms", text: "none yet; the local page works without" }] : all.filter(isOn);
}

function secretsOf({ tokens, instead }: PlatformSetup): readonly Secret[] {
  return instead === undefined ? tokens : [...tokens, instead];
}

function isOn({ state }: StepEnd): boolean {
  return state !== "open";
}

/** What the platform says of the tokens in force. */
async function lookAt(setup: Setup, { name, title, tokens: [bot, ...others], instead }: PlatformSetup): Promise<StepEnd> {
  const { config } = await setup.load();
  const token = bot.now(config);
  if (token === null) return { state: "open", about: name, text: "off" };
  const verdict = await bot.verify(config, token);
  if (verdict.type !== "good") return failed(name, verdict);
  for (const other of others) {
    const second = other.now(config);
    if (second === null) continue;
    const told = await other.verify(config, second);
    if (told.type !== "good") return failed(name, told);
  }
  const ways = [...others, ...(instead === undefined ? [] : [instead])];
  if (ways.length > 0 && ways.every(({ now }) => now(config) === null)) {
    const mend = `Set ${ways.map(({ path }) => keyOf(path).env).join(" or ")}: hermes setup platforms`;
    return failed(name, { text: `${verdict.name}, but ${title} has no way to reach it.`, mend });
  }
  return { state: "done", about: name, text: verdict.name };
}

/** A good token that only the environment has goes to .env for a service that is wished for, or after a yes. */
async function keepPassing(setup: Setup, ends: ReadonlyMap<string, StepEnd>): Promise<void> {
  const { context, flags, talk } = setup;
  const [{ config }, files] = await Promise.all([setup.load(), loadConfig({ env: {}, home: context.home })]);
  const good = platformSetups.filter(({ name }) => ends.get(name)?.state === "done").flatMap(secretsOf);
  const passing = good.filter(({ now }) => now(config) !== null && now(files.config) === null);
  if (passing.length === 0) return;
  const only = `Only the environment has ${passing.map(({ path }) => keyOf(path).env).join(" and ")}`;
  const keep =
    flags.service === true || ((await talk?.yes(`${only}. Keep it in .env, so that a service has it, too?`, true)) ?? false);
  if (!keep) return tell(context, `${only}: a service would not have it.`);
  for (const { path, now } of passing) await setup.save(path, now(config) ?? "");
}

/** What the command line gave: all of it or nothing. */
async function connectGiven(setup: Setup, platform: PlatformSetup): Promise<StepEnd> {
  const { config } = await setup.load();
  const { name, title, tokens, instead } = platform;
  const given = tokens.flatMap((token) => {
    const value = setup.flags[token.flag];
    return typeof value === "string" ? [{ token, value: token.within?.(value) ?? value.trim() }] : [];
  });
  let bot: Verdict | null = null;
  for (const { token, value } of given) {
    const verdict = await token.verify(config, value);
    if (verdict.type !== "good") return failed(name, verdict);
    if (token === tokens[0]) bot = verdict;
  }
  for (const { token, value } of given) await setup.save(token.path, value);
  const secret = instead === undefined ? undefined : setup.flags[instead.flag];
  if (instead !== undefined && typeof secret === "string") await setup.save(instead.path, secret.trim());
  if (bot?.type === "good") tellGood(setup, bot);
  const end = await lookAt(setup, platform);
  if (end.state !== "open") return end;
  const mend = `Set ${keyOf(tokens[0].path).env}: hermes setup platforms`;
  return failed(name, { text: `${title} has no token of its bot yet.`, mend });
}

function failed(about: string, { text, mend }: Omit<Exclude<Verdict, { type: "good" }>, "type">): StepEnd {
  return { state: "failed", about, text: `${text} ${mend}` };
}

async function connectAsked(setup: Setup, talk: NonNullable<Setup["talk"]>, ends: Map<string, StepEnd>): Promise<void> {
  let left = false;
  for (;;) {
    const hint = (name: string): string => ends.get(name)?.text.replace(/\..*/, "") ?? "off";
    const chosen = await talk.choose(
      "Where shall it answer?",
      [
        ...platformSetups.map(({ name, title }) => ({ value: name, label: title, hint: hint(name) })),
        { value: "done", label: someOn(ends) ? "That's all" : "Nowhere yet: the local page works without" },
      ],
      left || someOn(ends) ? "done" : "telegram",
    );
    const platform = platformSetups.find(({ name }) => name === chosen);
    if (platform === undefined) return;
    const end = await connectOne(setup, talk, platform);
    if (end !== null) ends.set(platform.name, end);
    // Enter alone leaves the step, too.
    left = end === null;
  }
}

function someOn(ends: ReadonlyMap<string, StepEnd>): boolean {
  return [...ends.values()].some(({ state }) => state === "done");
}

/** Null: left as it was. */
async function connectOne(setup: Setup, talk: NonNullable<Setup["talk"]>, platform: PlatformSetup): Promise<StepEnd | null> {
  for (const line of platform.how) tell(setup.context, `  ${line}`);
  const good: { path: KeyPath; value: string; verdict: Verdict }[] = [];
  for (const token of platform.tokens) {
    const answer = await askToken(setup, talk, token);
    if (answer === null) return null;
    good.push({ path: token.path, ...answer });
  }
  for (const { path, value } of good) await setup.save(path, value);
  const [bot] = good;
  if (bot?.verdict.type !== "good") return { state: "failed", about: platform.name, text: "saved, but not verified" };
  tellGood(setup, bot.verdict);
  return { state: "done", about: platform.name, text: bot.verdict.name };
}

/** Asks until the platform takes the token; null when the person leaves it. */
async function askToken(
  setup: Setup,
  talk: NonNullable<Setup["talk"]>,
  { question, verify, within }: Token,
): Promise<{ value: string; verdict: Verdict } | null> {
  for (;;) {
    const pasted = await talk.secret(`${question} (paste it; Enter to leave it)`);
    if (pasted === "") return null;
    const value = within?.(pasted) ?? pasted;
    const { config } = await setup.load();
    const verdict = await verify(config, value);
    if (verdict.type === "good") return { value, verdict };
    tell(setup.context, `  ${verdict.text}`);
    tell(setup.context, `  ${verdict.mend}`);
    if (verdict.type === "away" && (await talk.yes("Save it without having asked?", false))) return { value, verdict };
  }
}

function tellGood({ context }: Setup, { name, links, remarks }: Extract<Verdict, { type: "good" }>): void {
  tell(context, `  That is ${name}.`);
  for (const line of [...links, ...remarks]) tell(context, `  ${line}`);
}
