import {
  ApplicationCommandOptionType,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  Routes,
} from "discord-api-types/v10";
import { languageOf, languages } from "../../src/commands/languages/index.ts";
import type { Inlet } from "../../src/core/adapter.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Language } from "../../src/core/language.ts";
import type { Log } from "../../src/core/log.ts";
import type { Client } from "./client.ts";
import { reason } from "./errors.ts";
import { accountOf, chatRef, isOpen } from "./inbound.ts";
import type { DiscordOptions, DiscordRules } from "./options.ts";
import type { Place, Places } from "./places.ts";
import { type Replies, replyToInteraction } from "./replies.ts";
import { interactionSchema, madeAt, type WireInteraction } from "./wire.ts";

export interface InteractionParts {
  readonly client: Client;
  readonly inlet: Inlet;
  readonly places: Places;
  readonly replies: Replies;
  readonly rules: DiscordRules;
  readonly suggest: DiscordOptions["suggest"];
  readonly self: () => { readonly id: string } | null;
  readonly log: Log;
}

/** Discord waits three seconds for the first response; the way there and back is in it. */
const deferAfterMs = 1_500;
const mostSuggestions = 25;
const suggestionChars = 100;

/** Takes a button, a slash command or the beginning of a command's argument. Never rejects. */
export async function takeInteraction(parts: InteractionParts, data: unknown): Promise<void> {
  const parsed = interactionSchema.safeParse(data);
  if (!parsed.success)
    return parts.log.warn({ reason: "not an interaction" }, "Discord said something that makes no sense; it was skipped");
  try {
    await route(parts, parsed.data);
  } catch (error) {
    parts.log.warn({ reason: reason(error) }, "a button or a command on Discord could not be answered");
  }
}

async function route(parts: InteractionParts, interaction: WireInteraction): Promise<void> {
  const { type, guild_id: guild } = interaction;
  const place = await placeOf(parts.places, interaction);
  if (type === InteractionType.ApplicationCommandAutocomplete) return await suggest(parts, interaction, place);
  if (guild !== null && !isOpen(parts.rules, guild, place.parent ?? interaction.channel_id)) {
    return await refuse(parts, interaction, wordsFor(interaction).elsewhere);
  }
  if (type === InteractionType.MessageComponent) return await press(parts, interaction, place);
  if (type === InteractionType.ApplicationCommand) return await command(parts, interaction, place);
}

/** Interactions come with their channel. */
async function placeOf(places: Places, { channel, channel_id: id, guild_id: guild }: WireInteraction): Promise<Place> {
  if (channel?.id === id) places.learn(channel);
  return guild === null ? { parent: null, type: 1 } : await places.of(id);
}

function baseOf(parts: InteractionParts, interaction: WireInteraction, place: Place): Omit<Inbound, "type"> | null {
  const { id, member, user, guild_id: guild } = interaction;
  const sender = member?.user ?? user;
  const self = parts.self();
  if (!sender || !self) return null;
  return {
    key: `discord:${self.id}:interaction:${id}`,
    chat: chatRef(interaction.channel_id, place),
    kind: guild === null ? "private" : "shared",
    sender: accountOf(sender, member?.nick, interaction.locale),
    at: madeAt(id),
  };
}

/** A button: stored, then acknowledged, so that Discord's waiting sign ends. */
async function press(parts: InteractionParts, interaction: WireInteraction, place: Place): Promise<void> {
  const base = baseOf(parts, interaction, place);
  const data = interaction.data?.custom_id;
  if (!base || data === undefined) return;
  const turn = /^stop:(.+)$/.exec(data)?.[1];
  const inbound: Inbound = turn === undefined ? { ...base, type: "button", data } : { ...base, type: "stop", turn };
  const storing = store(parts, inbound);
  const stored = await soon(storing);
  if (stored === "failed") return await refuse(parts, interaction, wordsFor(interaction).later);
  await respond(parts, interaction, { type: InteractionResponseType.DeferredMessageUpdate });
  if (stored === "slowly" && (await storing) === "failed") await followUp(parts, interaction);
}

/** A slash command: stored, then shown as being thought about until its answer comes. */
async function command(parts: InteractionParts, interaction: WireInteraction, place: Place): Promise<void> {
  const base = baseOf(parts, interaction, place);
  const { name, options = [] } = interaction.data ?? {};
  if (!base || name === undefined) return;
  const args = options.map(({ value }) => String(value ?? "")).join(" ");
  const text = `/${name} ${args}`.trim();
  const deferred = Promise.withResolvers<boolean>();
  const { id, token, application_id: application } = interaction;
  parts.replies.open(id, { application, token, deferred: deferred.promise, longer: wordsFor(interaction).longer });
  const inbound: Inbound = { ...base, type: "message", text, messageId: replyToInteraction(id), addressed: true, menu: true };
  const storing = store(parts, inbound, () => void parts.replies.withdraw(id));
  const stored = await soon(storing);
  if (stored === "failed") {
    deferred.resolve(false);
    void parts.replies.withdraw(id);
    return await refuse(parts, interaction, wordsFor(interaction).later);
  }
  deferred.resolve(await respond(parts, interaction, { type: InteractionResponseType.DeferredChannelMessageWithSource }));
  if (stored === "stored" || (await storing) === "stored") return;
  // Said as its answer, which its place waits for.
  const told = await parts.replies.answer(replyToInteraction(id), { content: wordsFor(interaction).later });
  if (told === null) await followUp(parts, interaction);
}

async function store({ inlet, log }: InteractionParts, inbound: Inbound, unanswered?: () => void): Promise<"stored" | "failed"> {
  try {
    await inlet.receive(inbound, unanswered);
    return "stored";
  } catch (error) {
    log.warn({ reason: String(error) }, "a button or a command on Discord could not be stored");
    return "failed";
  }
}

/** Whether an event is stored; `slowly`: not yet, and Discord waits no longer. */
async function soon(storing: Promise<"stored" | "failed">): Promise<"stored" | "failed" | "slowly"> {
  const { promise: late, resolve } = Promise.withResolvers<"slowly">();
  const timer = setTimeout(() => resolve("slowly"), deferAfterMs);
  return await Promise.race([storing, late]).finally(() => clearTimeout(timer));
}

async function suggest(parts: InteractionParts, interaction: WireInteraction, place: Place): Promise<void> {
  const { data } = interaction;
  const at = baseOf(parts, interaction, place);
  const typed = String(data?.options?.[0]?.value ?? "");
  const found = at && data?.name !== undefined ? await parts.suggest(at, data.name, typed) : [];
  const choices = found.filter((value) => value !== "" && value.length <= suggestionChars).slice(0, mostSuggestions);
  const answer = { choices: choices.map((value) => ({ name: value, value })) };
  await respond(parts, interaction, { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: answer });
}

function wordsFor({ locale }: WireInteraction): Language["troubles"] {
  return (languageOf(locale) ?? languages[0]).troubles;
}

/** Says something that only the one who pressed sees. */
async function refuse(parts: InteractionParts, interaction: WireInteraction, content: string): Promise<void> {
  const data = { content, flags: MessageFlags.Ephemeral };
  await respond(parts, interaction, { type: InteractionResponseType.ChannelMessageWithSource, data });
}

/** Says that storing has failed after all, where it was acknowledged before its end. */
async function followUp({ client }: InteractionParts, interaction: WireInteraction): Promise<void> {
  const path = Routes.webhook(interaction.application_id, interaction.token);
  await client.call({
    method: "POST",
    path,
    body: { content: wordsFor(interaction).later, flags: MessageFlags.Ephemeral },
    open: true,
  });
}

/** The first response; false when it came too late, or another one came before: what that one shows is not ours to change. */
async function respond(
  { client, log }: InteractionParts,
  { id, token }: WireInteraction,
  body: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  try {
    await client.call({ method: "POST", path: Routes.interactionCallback(id, token), body, open: true });
    return true;
  } catch (error) {
    log.debug({ reason: reason(error) }, "a button or a command on Discord was acknowledged too late");
    return false;
  }
}

/** The type of a command's one argument. */
export const argumentType = ApplicationCommandOptionType.String;
