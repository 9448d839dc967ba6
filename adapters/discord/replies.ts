import { Routes } from "discord-api-types/v10";
import { Failure } from "../../src/core/failures.ts";
import { remember } from "../../src/core/maps.ts";
import type { Client } from "./client.ts";
import { foreign, statusOf, toFailure } from "./errors.ts";
import { sentSchema } from "./wire.ts";

/** Slash commands that Discord shows as being thought about, until their answer comes. */
export interface Replies {
  /** A command is deferred; what answers it says `replyTo`. */
  open(interaction: string, pending: Pending): void;
  /** Says the answer in the command's own place; null when it has none (any more): then the channel is the place. */
  answer(replyTo: string | null, form: Readonly<Record<string, unknown>>): Promise<string | null>;
  /** The message to which an answer in the channel replies: what stands in the command's place by now. */
  target(replyTo: string | null): string | null;
  /** Nothing will be said to the command: its place goes. */
  withdraw(interaction: string): Promise<void>;
  close(): void;
}

export interface Pending {
  readonly application: string;
  readonly token: string;
  /** Resolves once Discord knows that it is deferred; false: it never will. */
  readonly deferred: Promise<boolean>;
  /** What is left in its place when the answer takes longer than Discord waits. */
  readonly longer: string;
}

const prefix = "interaction:";
/** A token is good for fifteen minutes; an answer on its way takes some time. */
const lifeMs = 14 * 60_000;
const mostOpen = 1_000;

/** What answers to an interaction name as the message they answer. */
export function replyToInteraction(id: string): string {
  return prefix + id;
}

/** The interaction that is answered, if it is one. */
function idIn(replyTo: string | null): string | null {
  return replyTo?.startsWith(prefix) === true ? replyTo.slice(prefix.length) : null;
}

export function createReplies(client: Client): Replies {
  const open = new Map<string, Pending & { readonly at: number; readonly timer: NodeJS.Timeout }>();
  const moved = new Map<string, string>();
  const take = (id: string) => {
    const pending = open.get(id);
    if (pending) clearTimeout(pending.timer);
    open.delete(id);
    return pending;
  };
  const put = async ({ application, token }: Pending, body: unknown): Promise<string> => {
    const path = Routes.webhookMessage(application, token);
    const found = sentSchema.safeParse(await client.call({ method: "PATCH", path, body, open: true }));
    if (!found.success) throw foreign();
    return found.data.id;
  };
  /** Lets the command's place say that the answer comes elsewhere. */
  const move = async (id: string): Promise<void> => {
    const pending = take(id);
    if (!pending || !(await pending.deferred)) return;
    const message = await put(pending, { content: pending.longer }).catch(() => null);
    if (message !== null) remember(moved, id, message, mostOpen);
  };
  const keep = (id: string, pending: Pending, at: number): void => {
    const timer = setTimeout(() => void move(id), Math.max(0, at + lifeMs - performance.now()));
    timer.unref();
    open.set(id, { ...pending, at, timer });
  };
  return {
    open(interaction, pending) {
      // Told again: the first time goes on.
      if (open.has(interaction)) return;
      const [oldest] = open.keys();
      if (open.size >= mostOpen && oldest !== undefined) void move(oldest);
      keep(interaction, pending, performance.now());
    },
    async answer(replyTo, form) {
      const id = idIn(replyTo);
      if (id === null) return null;
      // On a busy machine a timer is late.
      const at = open.get(id)?.at;
      if (at !== undefined && performance.now() - at > lifeMs) await move(id);
      const pending = take(id);
      if (!pending || !(await pending.deferred)) return null;
      try {
        return await put(pending, form);
      } catch (error) {
        const status = statusOf(error);
        // What is refused here may be taken in the channel.
        if (status !== null && status < 500) return null;
        // The next attempt tries the same place.
        keep(id, pending, pending.at);
        throw new Failure("platform.unavailable", toFailure(error, true).message, { retryable: true });
      }
    },
    target(replyTo) {
      const id = idIn(replyTo);
      return id === null ? replyTo : (moved.get(id) ?? null);
    },
    async withdraw(interaction) {
      const pending = take(interaction);
      if (!pending || !(await pending.deferred)) return;
      const path = Routes.webhookMessage(pending.application, pending.token);
      await client.call({ method: "DELETE", path, open: true }).catch(() => undefined);
    },
    close() {
      for (const { timer } of open.values()) clearTimeout(timer);
      open.clear();
    },
  };
}
