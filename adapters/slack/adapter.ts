import type { Adapter, Inlet } from "../../src/core/adapter.ts";
import { Failure } from "../../src/core/failures.ts";
import { createAside } from "../render/aside.ts";
import { renderSlack, type SlackChunk } from "../render/slack.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";
import { createApi, type SlackApi } from "./api.ts";
import { createBudget } from "./budget.ts";
import { badToken, reason, refusal, tokenWords } from "./errors.ts";
import { type Fields, text } from "./fields.ts";
import { createFiles } from "./files.ts";
import { createLastThread } from "./last-thread.ts";
import { createChannels } from "./channels.ts";
import { createNames } from "./names.ts";
import type { SlackOptions } from "./options.ts";
import { createOutgoing } from "./outgoing.ts";
import { receive } from "./receiving.ts";
import { createRecent } from "./recent.ts";
import type { Door } from "./socket.ts";
import { createStatus } from "./status.ts";
import { createStreams } from "./streams.ts";
import { createWelcome } from "./welcome.ts";
import { createUnfinished } from "./unfinished.ts";
import type { Self } from "./words.ts";

export type { SlackOptions };

/** `chat.appendStream` takes 100 a minute over a workspace. */
const previewsPerSecond = 1.6;
const streamEveryMs = 1_000;
/** Slack ends a stream after five minutes. */
const streamMs = 240_000;
const greetings = 3;
/** Of the three seconds in which Slack wants an acknowledgement, these may go for people's names. */
const patienceMs = 1_000;

/** Slack, over a socket that we open or at an address that it calls. */
export function createSlack(options: SlackOptions): Adapter<SlackChunk> {
  const { log } = options;
  const apiUrl = `${options.apiUrl.replace(/\/+$/, "")}/`;
  const budget = createBudget();
  const api = createApi(options.botToken, apiUrl, budget, log);
  const recent = createRecent();
  const names = createNames(api, budget, options.patienceMs ?? patienceMs);
  const lastThread = createLastThread(api, budget, recent);
  const who: { self: Self } = { self: { team: "", user: "", bot: "" } };
  // Answers may be due before we have started.
  const bot = async (): Promise<string> => who.self.bot || (text((await api.call("auth.test", {}))["bot_id"]) ?? "");
  const unfinished = createUnfinished({ api, budget, recent, bot });
  const shared = { api, budget, recent, unfinished, log };
  const closed = new AbortController();
  const status = createStatus({ ...shared, signal: closed.signal });
  const feeding = { team: () => who.self.team, say: status.say, streamMs: options.streamMs ?? streamMs };
  const streams = createStreams({ ...shared, ...feeding });
  const long = createAside("slack", renderSlack, log);
  const outgoing = createOutgoing({ api, budget, streams, unfinished, signal: closed.signal });
  const receiving = { options, apiUrl, api, budget, post: outgoing.post };
  const files = createFiles({ api, budget, bot, token: options.botToken, apiUrl });
  const welcome = createWelcome(api, budget, log);
  const channels = createChannels(api, budget, options.renamed);
  const commands = new Set(options.commands.flatMap(({ name, aliases }) => [name, ...aliases]));
  let door: Door | null = null;
  let stopping = new AbortController();

  const pause = async (): Promise<void> => {
    stopping.abort();
    const open = door;
    door = null;
    await open?.close();
  };
  return {
    platform: "slack",
    previewsPerSecond,
    async start(inlet: Inlet) {
      const attempt = new AbortController();
      stopping = attempt;
      who.self = await greet(api, options, attempt.signal);
      const { allowedChannels, isSkill } = options;
      const reading = { self: who.self, names, recent, lastThread, commands, isSkill, allowedChannels };
      const aside = (body: Fields) => {
        welcome.heard(body);
        channels.heard(body);
      };
      const opened = await receive({ ...receiving, reading, inlet, aside, signal: attempt.signal });
      if (attempt.signal.aborted) {
        await opened.close();
        throw new Failure("platform.unavailable", "Slack was paused before it had started.");
      }
      door = opened;
    },
    pause,
    async close() {
      closed.abort();
      await pause();
      await long.stop();
    },
    live: (chat) => (streams.shows(chat) ? { kind: "stream", everyMs: streamEveryMs } : { kind: "none" }),
    render: (markdown, footer) => footed(renderSlack(markdown), footer),
    renderWhole: async (markdown, footer) => footed(await long.chunks(markdown), footer),
    ...outgoing,
    ...files,
    stream: streams.feed,
    draft() {
      throw new Failure("internal", "Slack has no drafts: live() never says so");
    },
    channels: channels.all,
    typing: status.keep,
    state: status.set,
    title: status.rename,
    push() {
      throw new Failure("internal", "Slack has no push: live() never says so");
    },
  };
}

function footed(chunks: readonly SlackChunk[], footer: string | undefined): readonly SlackChunk[] {
  return footer === undefined ? chunks : chunks.map((chunk, at) => (at === chunks.length - 1 ? { ...chunk, footer } : chunk));
}

/** Asks who we are: shows that Slack is there and the token good. */
async function greet(api: SlackApi, options: SlackOptions, signal: AbortSignal): Promise<Self> {
  const delays = backoff(300, 2_000);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const told = await api.call("auth.test", {});
      const [team, user] = [text(told["team_id"]), text(told["user_id"])];
      if (team === null || user === null) throw new TypeError("it does not say who we are");
      return { team, user, bot: text(told["bot_id"]) ?? "" };
    } catch (error) {
      const word = refusal(error);
      if (word !== null && tokenWords.has(word)) throw badToken(word);
      if (attempt === greetings || signal.aborted) {
        throw new Failure(
          "platform.unavailable",
          `Slack can't be reached at ${new URL(options.apiUrl).origin} (${reason(error)}).`,
          {
            retryable: true,
            advice: "Check the network, or SLACK_API_URL if you have set it.",
          },
        );
      }
      await pause(delays.next(), signal);
    }
  }
}
