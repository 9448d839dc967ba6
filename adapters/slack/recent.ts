/** What is remembered of lately received messages: nothing that would be missed after a restart. */
export interface Recent {
  saw(channel: string, ts: string, thread: string, user: string, text: string): void;
  /** Of what may be for us, and may not, only who wrote it. */
  wrote(channel: string, ts: string, user: string): void;
  /** Who wrote a message. */
  author(channel: string, ts: string): string | null;
  /** The first words of a thread that we saw begin. */
  title(channel: string, thread: string): string | null;
  /** Where somebody last wrote to us in a channel: what a slash command, which knows no thread, is about. */
  thread(channel: string, user: string): string | null;
}

const most = 5_000;
const titleChars = 80;

export function createRecent(): Recent {
  const authors = new Map<string, string>();
  const titles = new Map<string, string>();
  const threads = new Map<string, string>();
  const keep = (map: Map<string, string>, key: string, value: string): void => {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > most && oldest !== undefined) map.delete(oldest);
  };
  return {
    saw(channel, ts, thread, user, text) {
      keep(authors, `${channel}:${ts}`, user);
      keep(threads, `${channel}:${user}`, thread);
      const line = text.trim().split("\n")[0] ?? "";
      if (line !== "" && !titles.has(`${channel}:${thread}`)) keep(titles, `${channel}:${thread}`, line.slice(0, titleChars));
    },
    wrote: (channel, ts, user) => keep(authors, `${channel}:${ts}`, user),
    author: (channel, ts) => authors.get(`${channel}:${ts}`) ?? null,
    title: (channel, thread) => titles.get(`${channel}:${thread}`) ?? null,
    thread: (channel, user) => threads.get(`${channel}:${user}`) ?? null,
  };
}
