import { z } from "zod";

/** What is read of Discord's payloads. Everything else in them is passed over; what lacks these parts makes no sense. */

const id = z.string().regex(/^\d{1,20}$/);

/** Left out and null are the same to Discord. */
function maybe<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

const user = z.object({
  id,
  username: z.string().default(""),
  global_name: z.string().nullish(),
  bot: z.boolean().optional(),
});

const attachment = z.object({
  filename: z.string(),
  size: z.number().optional(),
  url: z.string(),
  content_type: z.string().nullish(),
  /** Of voice messages alone. */
  waveform: maybe(z.string()),
});

const forwarded = z.object({
  message: z.object({ content: z.string().default(""), attachments: z.array(attachment).default([]) }),
});

export const messageSchema = z.object({
  id,
  channel_id: id,
  guild_id: id.optional(),
  author: user,
  member: z.object({ nick: z.string().nullish() }).nullish(),
  webhook_id: id.optional(),
  content: z.string().default(""),
  type: z.number().default(0),
  mentions: z.array(user).default([]),
  mention_roles: z.array(id).default([]),
  attachments: z.array(attachment).default([]),
  referenced_message: maybe(z.object({ author: user })),
  sticker_items: z.array(z.object({ name: z.string() })).default([]),
  message_snapshots: z.array(forwarded).default([]),
});

export const channelSchema = z.object({
  id,
  type: z.number(),
  guild_id: id.nullish(),
  parent_id: maybe(id),
  owner_id: id.nullish(),
  last_message_id: maybe(id),
  name: z.string().nullish(),
  member: z.unknown().optional(),
});

/** How a session begins. */
export const readySchema = z.object({ guilds: z.array(z.object({ id })).default([]) });

/** A guild that is out of order for some time, or that we are no part of any more. */
export const goneSchema = z.object({ id, unavailable: z.boolean().default(false) });

export const guildSchema = z.object({
  id,
  channels: z.array(channelSchema).default([]),
  threads: z.array(channelSchema).default([]),
  roles: z.array(z.object({ id, tags: z.object({ bot_id: id.optional() }).optional() })).default([]),
});

export const interactionSchema = z.object({
  id,
  application_id: id,
  token: z.string().min(1),
  type: z.number(),
  guild_id: maybe(id),
  channel_id: id,
  locale: maybe(z.string()),
  channel: channelSchema.nullish(),
  user: user.optional(),
  member: z.object({ user, nick: z.string().nullish() }).nullish(),
  data: z
    .object({
      name: z.string().optional(),
      custom_id: z.string().optional(),
      options: z.array(z.object({ value: z.union([z.string(), z.number(), z.boolean()]).optional() })).optional(),
    })
    .optional(),
});

export type WireMessage = z.infer<typeof messageSchema>;
export type WireChannel = z.infer<typeof channelSchema>;
export type WireInteraction = z.infer<typeof interactionSchema>;
export type WireUser = z.infer<typeof user>;

/** An id of a message that has just been written or changed, with its text. */
export const sentSchema = z.object({ id, content: z.string().default("") });

/** What somebody is called, best first. */
export function nameOf(person: WireUser, nick: string | null | undefined): string {
  return nick || person.global_name || person.username || person.id;
}

/** The first of January 2015: ids count from there. */
const epoch = 1_420_070_400_000n;

/** When an id was made, epoch milliseconds. */
export function madeAt(snowflake: string): number {
  return Number((BigInt(snowflake) >> 22n) + epoch);
}

/** The first id of a moment. */
export function idAt(at: number): bigint {
  return (BigInt(at) - epoch) << 22n;
}
