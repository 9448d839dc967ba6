import { Routes } from "discord-api-types/v10";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import type { Client } from "./client.ts";
import { codeOf, codes, reason } from "./errors.ts";

/** Begins the threads that answers go into. */
export interface Threads {
  /** Begins a thread at a message, in which the thread has the message's id. */
  begin(chat: ChatRef, name: string): void;
  /** Resolves once a thread that is being begun is there. */
  settled(chat: ChatRef): Promise<void>;
  /** Begins it now, for a message that a dead process has heard; false when it can't be. */
  mend(chat: ChatRef): Promise<boolean>;
}

/** Threads fall asleep after a day; writing in them wakes them. */
const archiveMinutes = 1_440;
const nameChars = 80;

export function createThreads(client: Client, log: Log): Threads {
  const beginning = new Map<string, Promise<boolean>>();
  const make = async (channel: string, message: string, name: string): Promise<boolean> => {
    const body = { name, auto_archive_duration: archiveMinutes };
    try {
      await client.call({ method: "POST", path: Routes.threads(channel, message), body });
      return true;
    } catch (error) {
      if (codeOf(error) === codes.threadThere) return true;
      log.debug({ channel, reason: reason(error) }, "a thread could not be begun; answering in the channel");
      return false;
    }
  };
  return {
    begin(chat, name) {
      const { chat: channel, thread } = chat;
      if (thread === null || beginning.has(thread)) return;
      const made = make(channel, thread, nameFor(name)).finally(() => beginning.delete(thread));
      beginning.set(thread, made);
    },
    async settled({ thread }) {
      if (thread !== null) await beginning.get(thread);
    },
    mend: async ({ chat, thread }) => thread !== null && (await make(chat, thread, nameFor(""))),
  };
}

function nameFor(text: string): string {
  const words = text.replaceAll(/\s+/g, " ").trim();
  if (words === "") return "Conversation";
  return words.length <= nameChars ? words : `${words.slice(0, nameChars - 1).toWellFormed()}…`;
}
