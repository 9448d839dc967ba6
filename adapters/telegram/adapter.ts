import type { CallbackQuery, Update } from "grammy/types";
import type { Adapter, Inlet } from "../../src/core/adapter.ts";
import { Failure } from "../../src/core/failures.ts";
import { literal } from "../../src/core/markdown.ts";
import type { Log } from "../../src/core/log.ts";
import { createAside } from "../render/aside.ts";
import { footed, renderTelegram } from "../render/telegram.ts";
import { callSignal, type Client, createClient } from "./client.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import { badToken, reason, refusal } from "./errors.ts";
import { fetchFile } from "./files.ts";
import type { TelegramChunk } from "./forms.ts";
import { moveIn, toInbound } from "./inbound.ts";
import { botsNamed, type Self } from "./mention.ts";
import { keepMenus } from "./menu.ts";
import type { TelegramOptions } from "./options.ts";
import { createOutgoing } from "./outgoing.ts";
import { type Polling, startPolling } from "./polling.ts";
import { startWebhook } from "./webhook.ts";
import { richMarkdown } from "./rich.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";

export type { TelegramChunk, TelegramOptions };

/** Telegram allows some 30 messages a second over all chats: this leaves room for answers. */
const previewsPerSecond = 20;
const greetings = 3;

/** Telegram, by long polling or a webhook. */
export function createTelegram(options: TelegramOptions): Adapter<TelegramChunk> {
  const client = createClient(options.token, options.apiRoot);
  const closed = new AbortController();
  const drafts = createDrafts();
  const aside = createAside("telegram", renderTelegram, options.log);
  const finish = (markdown: string, plain: readonly TelegramChunk[], footer: string | undefined) =>
    finished(options, markdown, plain, footer);
  const outgoing = createOutgoing(client, drafts, closed.signal, options);
  let starting: AbortController | null = null;
  let polling: Polling | null = null;

  const pause = async (): Promise<void> => {
    starting?.abort();
    const running = polling;
    polling = null;
    await running?.stop();
  };
  return {
    platform: "telegram",
    previewsPerSecond,
    async start(inlet) {
      const attempt = new AbortController();
      starting = attempt;
      const self = await greet(client, attempt.signal);
      if (attempt.signal.aborted) throw new Failure("platform.unavailable", "Telegram was paused before it had started.");
      const { moved, log } = options;
      const intake = {
        client,
        inlet,
        who: { self, asked: new Map(), asking: Promise.resolve() },
        drafts,
        closed: closed.signal,
        moved,
        log,
      };
      const take = (update: Update) => takeUpdate(intake, update);
      const receiving = { client, take, log };
      polling =
        options.webhook === null ? startPolling(receiving) : await startWebhook(receiving, options.webhook, attempt.signal);
      void keepMenus(client.api, self.id, options, attempt.signal);
    },
    pause,
    async close() {
      await pause();
      closed.abort();
      client.close();
      await aside.stop();
    },
    ...outgoing,
    fetchFile: (file, limitBytes, signal) => fetchFile(client, file, limitBytes, signal),
    render: (markdown, footer) => finish(markdown, renderTelegram(markdown), footer),
    renderWhole: async (markdown, footer) => finish(markdown, await aside.chunks(markdown), footer),
    push() {
      throw new Failure("internal", "Telegram has no push: live() never says so");
    },
  };
}

/** An answer that fills several plain messages is no rich one: if that were refused, one message would have to become several. */
function finished(
  { richMessages }: Pick<TelegramOptions, "richMessages">,
  markdown: string,
  plain: readonly TelegramChunk[],
  footer: string | undefined,
): readonly TelegramChunk[] {
  const chunks = footer === undefined ? plain : footed(plain, footer);
  const [only, second] = chunks;
  const rich = richMessages === "auto" && only && !second ? richMarkdown(markdown) : null;
  if (!only || rich === null) return chunks;
  return [{ ...only, rich: footer === undefined ? rich : `${rich}\n\n*${literal(footer)}*` }];
}

/** Asks who we are: shows that the server is there and the token good. */
async function greet(client: Client, signal: AbortSignal): Promise<Self> {
  const delays = backoff(300, 2_000);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { id, username } = await client.api.raw.getMe(callSignal(signal));
      return { id, username };
    } catch (error) {
      const code = refusal(error)?.error_code;
      if (code === 401 || code === 404) throw badToken();
      if (attempt === greetings || signal.aborted) {
        throw new Failure("platform.unavailable", `Telegram can't be reached at ${client.origin} (${reason(error)}).`, {
          retryable: true,
          advice: "Check the network, or TELEGRAM_API_ROOT if you have set it.",
        });
      }
      await pause(delays.next(), signal);
    }
  }
}

interface Intake {
  readonly client: Client;
  readonly inlet: Inlet;
  readonly who: Who;
  readonly drafts: Drafts;
  readonly closed: AbortSignal;
  readonly moved: TelegramOptions["moved"];
  readonly log: Log;
}

interface Who {
  self: Self;
  /** When we were asked for by which name that was not ours. */
  readonly asked: Map<string, number>;
  /** Resolves when nobody is asking who we are. Never rejects. */
  asking: Promise<void>;
}

/** Whether a name has become ours is asked so often at most, and what comes next waits for the answer no longer than that. */
const nameEveryMs = 60_000;
const nameMs = 3_000;
const mostNames = 1_000;

async function takeUpdate(intake: Intake, update: Update): Promise<void> {
  const names = read(intake, update, () => update.message && botsNamed(update.message, intake.who.self)) ?? [];
  if (names.length > 0) await askName(intake, names);
  const move = read(intake, update, () => moveIn(update));
  if (move) await intake.moved(move.from, move.to);
  const inbound = read(intake, update, () => toInbound(update, intake.who.self, intake.drafts.turnOf));
  if (inbound) await intake.inlet.receive(inbound);
  if (update.callback_query) void answer(intake, update.callback_query);
}

/** A bot can be renamed while it runs. */
async function askName({ client, who, closed }: Intake, names: readonly string[]): Promise<void> {
  const now = performance.now();
  const fresh = names.filter((name) => now - (who.asked.get(name) ?? -nameEveryMs) >= nameEveryMs);
  if (who.asked.size > mostNames) who.asked.clear();
  for (const name of fresh) who.asked.set(name, now);
  const ask = async (): Promise<void> => {
    const limit = AbortSignal.any([closed, AbortSignal.timeout(nameMs)]);
    const told = await client.api.raw.getMe(callSignal(limit)).catch(() => null);
    if (told?.id === who.self.id) who.self = { id: told.id, username: told.username };
  };
  if (fresh.length > 0) who.asking = who.asking.then(ask);
  await who.asking;
}

/** An update that can't be read is skipped: asking for it again would bring the same, forever. */
function read<Result>({ log }: Intake, update: Update, reading: () => Result): Result | null {
  try {
    return reading();
  } catch (error) {
    log.warn(
      { update: update.update_id, reason: error instanceof Error ? error.message : "unknown" },
      "an update made no sense and was skipped",
    );
    return null;
  }
}

/** Ends the waiting sign on a pressed button. Too late is no harm. */
async function answer({ client, closed, log }: Intake, { id }: CallbackQuery): Promise<void> {
  try {
    await client.api.raw.answerCallbackQuery({ callback_query_id: id }, callSignal(closed));
  } catch (error) {
    log.debug({ reason: reason(error) }, "a pressed button was not acknowledged");
  }
}
