import { Routes } from "discord-api-types/v10";
import { z } from "zod";
import type { Adapter, Inlet } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import { createAside } from "../render/aside.ts";
import { type DiscordChunk, footed, renderDiscord } from "../render/discord.ts";
import { type MissedMessage, missedWords } from "../missed.ts";
import { fetchFile } from "./attachments.ts";
import { type CatchUp, createCatchUp } from "./catch-up.ts";
import { type Client, createClient } from "./client.ts";
import { keepCommands } from "./commands.ts";
import { badToken, reason, statusOf, toFailure } from "./errors.ts";
import { type Gateway, createGateway } from "./gateway.ts";
import { chatRef, isOpen, toInbound } from "./inbound.ts";
import { createIntake, type Intake, type MutableSelf, takeMessage } from "./intake.ts";
import { takeInteraction } from "./interactions.ts";
import { createMarks } from "./marks.ts";
import type { DiscordOptions } from "./options.ts";
import { createOutgoing } from "./outgoing.ts";
import { createPlaces, type Places } from "./places.ts";
import { createReplies, type Replies } from "./replies.ts";
import { createThreads, type Threads } from "./threads.ts";

/** Discord allows fifty requests a second over all: this leaves room for answers and signs. */
const previewsPerSecond = 15;

interface Parts {
  readonly options: DiscordOptions;
  readonly client: Client;
  readonly places: Places;
  readonly threads: Threads;
  readonly replies: Replies;
  self: MutableSelf | null;
  running: Running | null;
}

/** One time of receiving. */
interface Running {
  readonly catchUp: CatchUp;
  readonly intake: Intake;
  gateway: Gateway | null;
  readonly ended: AbortController;
}

/** Discord, by its gateway. */
export function createDiscord(options: DiscordOptions): Adapter<DiscordChunk> {
  const client = createClient(options.token, options.apiUrl);
  const threads = createThreads(client, options.log);
  const replies = createReplies(client);
  const marks = createMarks(client);
  const parts: Parts = {
    options,
    client,
    places: createPlaces(client, options.renamed),
    threads,
    replies,
    self: null,
    running: null,
  };
  const outgoing = createOutgoing({ client, threads, replies, self: () => parts.self?.id ?? null });
  const aside = createAside("discord", renderDiscord, options.log);
  const pause = async (): Promise<void> => {
    const { running } = parts;
    parts.running = null;
    running?.ended.abort();
    await running?.gateway?.stop();
    await running?.intake.idle();
    await running?.catchUp.end();
  };
  return {
    platform: "discord",
    previewsPerSecond,
    async start(inlet) {
      await pause();
      await receive(parts, inlet, outgoing.post);
    },
    pause,
    async close() {
      await pause();
      replies.close();
      client.close();
      await aside.stop();
    },
    ...outgoing,
    render: (markdown, footer) => finished(renderDiscord(markdown), footer),
    renderWhole: async (markdown, footer) => finished(await aside.chunks(markdown), footer),
    channels: async () => parts.places.named(),
    async mark(chat, message, mark) {
      if (options.rules.reactions && /^\d+$/.test(message)) await marks.put(chat, message, mark);
    },
    fetchFile: (file, limitBytes, signal) => fetchFile(file, client.origin, limitBytes, signal),
    async draft() {
      throw new Failure("internal", "Discord has no drafts: live() never says so");
    },
    push() {
      throw new Failure("internal", "Discord has no push: live() never says so");
    },
  };
}

function finished(chunks: readonly DiscordChunk[], footer: string | undefined): readonly DiscordChunk[] {
  return footer === undefined ? chunks : footed(chunks, footer);
}

async function receive(parts: Parts, inlet: Inlet, post: Adapter<DiscordChunk>["post"]): Promise<void> {
  const { options, client, places, replies } = parts;
  const { log, rules } = options;
  const { id, application, readsAll } = await greet(client);
  const self: MutableSelf = { id, roles: new Set() };
  parts.self = self;
  const catchUp = catchUpOf(parts, inlet, application, post);
  const interactions = { client, inlet, places, replies, rules, suggest: options.suggest, self: () => parts.self, log };
  const intake = createIntake({
    inlet,
    places,
    threads: parts.threads,
    catchUp,
    rules,
    self: () => parts.self,
    gateway: () => running.gateway,
    interaction: (data) => void takeInteraction(interactions, data),
    log,
  });
  const running: Running = { catchUp, intake, gateway: null, ended: new AbortController() };
  parts.running = running;
  const gateway = createGateway({ client, token: options.token, readsAll, dispatch: intake.take, log });
  running.gateway = gateway;
  await gateway.open();
  // Paused while it was starting.
  if (parts.running !== running) {
    await gateway.stop();
    throw new Failure("platform.unavailable", "Discord was paused before it had started.");
  }
  void keepCommands(client, application, options, running.ended.signal);
}

const applicationSchema = z.object({ id: z.string(), flags: z.number().default(0) });
/** `GATEWAY_MESSAGE_CONTENT`, and the same for bots in few guilds. */
const contentFlags = (1 << 18) | (1 << 19);

interface Greeting {
  /** The bot's account; of old bots it is another id than the application's. */
  readonly id: string;
  readonly application: string;
  readonly readsAll: boolean;
}

/** Asks who we are: shows that the server is there and the token good. Whether all messages may be read is set at the application. */
async function greet(client: Client): Promise<Greeting> {
  try {
    const me = applicationSchema.parse(await client.call({ method: "GET", path: Routes.currentApplication() }));
    const user = applicationSchema.parse(await client.call({ method: "GET", path: Routes.user() }));
    return { id: user.id, application: me.id, readsAll: (me.flags & contentFlags) !== 0 };
  } catch (error) {
    if (statusOf(error) === 401) throw badToken();
    throw new Failure("platform.unavailable", `Discord can't be reached at ${client.origin} (${reason(error)}).`, {
      retryable: true,
      advice: "Check the network, or DISCORD_API_URL if you have set it.",
    });
  }
}

function catchUpOf(parts: Parts, inlet: Inlet, application: string, post: Adapter<DiscordChunk>["post"]): CatchUp {
  const { client, options, places, threads } = parts;
  const { rules, settings, log } = options;
  const catchUp: CatchUp = createCatchUp({
    client,
    settings,
    application,
    answerMs: rules.catchUpMs,
    take: (message) => takeMessage({ inlet, places, threads, catchUp, rules, self: () => parts.self }, message),
    async concerns(message) {
      if (!parts.self) return null;
      const place = message.guild_id === undefined ? { parent: null, type: 1 } : await places.of(message.channel_id);
      const heard = toInbound(message, place, parts.self, { ...rules, autoThread: false });
      return heard?.inbound.addressed === true ? heard.inbound.chat : null;
    },
    async place(channel, guild) {
      const place = guild === null ? { parent: null, type: 1 } : await places.of(channel);
      return guild === null || isOpen(rules, guild, place.parent ?? channel) ? chatRef(channel, place) : null;
    },
    name: (chat, missed, newest, all) => nameMissed(post, chat, { missed, newest, all }, log),
    log,
  });
  return catchUp;
}

interface Missed {
  readonly missed: readonly MissedMessage[];
  readonly newest: string;
  /** False when there is more before these. */
  readonly all: boolean;
}

/** Says in a chat what came too long ago to be answered unasked. */
async function nameMissed(
  post: Adapter<DiscordChunk>["post"],
  chat: ChatRef,
  { missed, newest, all }: Missed,
  log: DiscordOptions["log"],
): Promise<void> {
  const [chunk] = renderDiscord(missedWords(missed, all));
  if (!chunk) return;
  // The same at each start, so that it is said once.
  await post(chat, chunk, { replyTo: null, key: `missed:${newest}` }).catch((error: unknown) =>
    log.debug({ reason: toFailure(error, true).message }, "what was missed could not be named"),
  );
}
