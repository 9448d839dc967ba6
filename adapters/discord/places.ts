import { Routes } from "discord-api-types/v10";
import type { NamedChannel } from "../../src/core/adapter.ts";
import { remember } from "../../src/core/maps.ts";
import type { Client } from "./client.ts";
import { statusOf } from "./errors.ts";
import { channelSchema, type WireChannel } from "./wire.ts";

/** Where a channel's messages belong. */
export interface Place {
  /** The channel that a thread is part of; null for a channel itself. */
  readonly parent: string | null;
  readonly type: number;
}

/** What kind of channel an id is: told by Discord on connecting, asked for otherwise. */
export interface Places {
  learn(channel: WireChannel): void;
  forget(channel: string): void;
  /** Channels by name, threads left out. */
  named(): readonly NamedChannel[];
  /** Rejects when it can't be known now; what is none of ours to know is taken for a channel. */
  of(channel: string): Promise<Place>;
}

/** Channel types of threads: in announcement channels, public, private. */
const threadTypes = [10, 11, 12];
/** Ids are short: this is some two megabytes at most. */
const mostKnown = 20_000;
const askMs = 3_000;

/** `renamed` is told of a channel that we knew by another name. */
export function createPlaces(client: Client, renamed: (channel: NamedChannel) => void): Places {
  const known = new Map<string, Place>();
  const names = new Map<string, string>();
  const learn = ({ id, type, parent_id: parent, name }: WireChannel): Place => {
    const place = { parent: threadTypes.includes(type) ? parent : null, type };
    if (place.parent === null && name) {
      if ((names.get(id) ?? name) !== name) renamed({ chat: id, name });
      remember(names, id, name, mostKnown);
    }
    remember(known, id, place, mostKnown);
    return place;
  };
  return {
    learn,
    named: () => [...names].map(([chat, name]) => ({ chat, name })),
    forget: (channel) => void known.delete(channel),
    async of(channel) {
      const place = known.get(channel);
      if (place) return place;
      try {
        const found = await client.call({ method: "GET", path: Routes.channel(channel), timeoutMs: askMs });
        return learn(channelSchema.parse(found));
      } catch (error) {
        const status = statusOf(error);
        if (status === null || status >= 500) throw error;
        return { parent: null, type: textChannel };
      }
    },
  };
}

/** The type of a guild's plain text channel. */
export const textChannel = 0;
