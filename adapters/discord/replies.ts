import { Routes } from "discord-api-types/v10";
import { Failure } from "../../src/core/failures.ts";
import type { Client } from "./client.ts";
import { foreign, statusOf, toFailure } from "./errors.ts";
import { sentSchema } from "./wire.ts";

/** Slash commands that Discord shows as being thought about, until their answer comes. */
export interface Replies {
  /** A command is deferred; what answers it says `replyTo`. */
  open(interaction: string, pending: Pending): void;
  /** Says the answer in the command's own place; null when it has none (any more): then the channel is the place. */
  answer(replyTo: string | null, form: Readonly<Record<string, unknown>>): Promise<string | null>;
  close(): void;
}

export interface Pending {
  readonly application: string;
  readonly token: string;
  /** Resolves once Discord knows that it is deferred; false: it never will. */
  readonly deferred: Promise<boolean>;
}

const prefix = "interaction:";
/** A token is good for fifteen minutes; an answer on its way takes some time. */
const lifeMs = 14 * 60_000;
/** Commands answer at once or not at all: what has said nothing by then says nothing, or says it in the channel. */
const silenceMs = 5_000;
const mostOpen = 1_000;

/** What answers to an interaction name as the message they answer. */
export function replyToInteraction(id: string): string {
  return prefix + id;
}

export function createReplies(client: Client): Replies {
  const open = new Map<string, Pending & { readonly at: number; readonly timer: NodeJS.Timeout }>();
  const take = (id: string) => {
    const pending = open.get(id);
    if (pending) clearTimeout(pending.timer);
    open.delete(id);
    return pending;
  };
  const withdraw = async (id: string): Promise<void> => {
    const pending = take(id);
    if (!pending || !(await pending.deferred)) return;
    const path = Routes.webhookMessage(pending.application, pending.token);
    await client.call({ method: "DELETE", path, open: true }).catch(() => undefined);
  };
  return {
    open(interaction, pending) {
      // Told again: the first time goes on.
      if (open.has(interaction)) return;
      const [oldest] = open.keys();
      if (open.size >= mostOpen && oldest !== undefined) void withdraw(oldest);
      const timer = setTimeout(() => void withdraw(interaction), silenceMs);
      timer.unref();
      open.set(interaction, { ...pending, at: performance.now(), timer });
    },
    async answer(replyTo, form) {
      if (replyTo === null || !replyTo.startsWith(prefix)) return null;
      const pending = take(replyTo.slice(prefix.length));
      if (!pending || performance.now() - pending.at > lifeMs || !(await pending.deferred)) return null;
      const path = Routes.webhookMessage(pending.application, pending.token);
      try {
        const found = sentSchema.safeParse(await client.call({ method: "PATCH", path, body: form, open: true }));
        if (!found.success) throw foreign();
        return found.data.id;
      } catch (error) {
        const status = statusOf(error);
        // What is refused here may be taken in the channel.
        if (status !== null && status < 500) return null;
        // The next attempt tries the same place.
        open.set(replyTo.slice(prefix.length), pending);
        throw new Failure("platform.unavailable", toFailure(error, true).message, { retryable: true });
      }
    },
    close() {
      for (const { timer } of open.values()) clearTimeout(timer);
      open.clear();
    },
  };
}
