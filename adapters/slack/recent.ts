import { remember } from "../../src/core/maps.ts";

/** What is remembered of lately received messages: nothing that would be missed after a restart. */
export interface Recent {
  saw(channel: string, ts: string, thread: string, user: string, text: string): void;
  /** Of what may be for us, and may not, only who wrote it. */
  wrote(channel: string, ts: string, user: string): void;
  /** Slack has told this process of a message by itself: no earlier one was told. */
  told(channel: string, ts: string): void;
  wasTold(channel: string, ts: string): boolean;
  /** A thread has been given a title. */
  named(channel: string, thread: string, title: string): void;
  /** Who wrote a message. */
  author(channel: string, ts: string): string | null;
  /** A thread's title, or the first words of one that we saw begin. */
  title(channel: string, thread: string): string | null;
  /** Where somebody last wrote to us in a channel: what a slash command, which knows no thread, is about. */
  thread(channel: string, user: string): string | null;
}

const most = 5_000;
const titleChars = 80;

export function createRecent(): Recent {
  const authors = new Map<string, string>();
  const told = new Map<string, true>();
  const titles = new Map<string, string>();
  const threads = new Map<string, string>();
  return {
    saw(channel, ts, thread, user, text) {
      remember(authors, `${channel}:${ts}`, user, most);
      remember(threads, `${channel}:${user}`, thread, most);
      const line = text.trim().split("\n")[0] ?? "";
      const key = `${channel}:${thread}`;
      if (line !== "" && !titles.has(key)) remember(titles, key, line.slice(0, titleChars).toWellFormed(), most);
    },
    wrote: (channel, ts, user) => remember(authors, `${channel}:${ts}`, user, most),
    told: (channel, ts) => remember(told, `${channel}:${ts}`, true, most),
    wasTold: (channel, ts) => told.has(`${channel}:${ts}`),
    named: (channel, thread, title) => remember(titles, `${channel}:${thread}`, title, most),
    author: (channel, ts) => authors.get(`${channel}:${ts}`) ?? null,
    title: (channel, thread) => titles.get(`${channel}:${thread}`) ?? null,
    thread: (channel, user) => threads.get(`${channel}:${user}`) ?? null,
  };
}
