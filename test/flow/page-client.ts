import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

/** A line of the page's history. */
export interface Item {
  readonly role: "person" | "agent";
  readonly text: string;
  /** What the buttons under it carry, by their labels. */
  readonly buttons: Readonly<Record<string, string>>;
}

/** The local page, driven over HTTP as its own script does it. */
export interface PageClient {
  send(text: string, id?: string): Promise<number>;
  press(data: string): Promise<number>;
  stop(): Promise<void>;
  history(): Promise<readonly Item[]>;
  /** The agent's answers so far, oldest first, once there are at least `count`. */
  answers(count: number): Promise<readonly string[]>;
  /** Sends this and gives the answer: the first message that the agent has not said before. */
  ask(text: string): Promise<string>;
}

/** For a machine that is busy with much else; nothing here takes a tenth of it. */
const patienceMs = 60_000;
/** The page says when something new stands in it. This is for what it said before anybody listened. */
const lookMs = 500;

/** Opens the page by its printed address. */
export async function openPage(address: string): Promise<PageClient> {
  const { origin } = new URL(address);
  const first = await fetch(address);
  const cookie = first.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const post = async (path: string, body: unknown) => {
    const headers = { cookie, origin, "content-type": "application/json" };
    return await fetch(`${origin}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  };
  const heard = listen(`${origin}/api/events`, cookie);
  const history = async (): Promise<readonly Item[]> => {
    const answer = (await (await fetch(`${origin}/api/history`, { headers: { cookie } })).json()) as {
      items: readonly RawItem[];
    };
    return answer.items.map((item) => ({
      role: item.role,
      text: item.text ?? plain(item.html ?? ""),
      buttons: labelled(item.buttons ?? []),
    }));
  };
  const said = async () => (await history()).filter((item) => item.role === "agent").map((item) => item.text);
  const answers = async (count: number): Promise<readonly string[]> => {
    const end = performance.now() + patienceMs;
    for (;;) {
      const news = heard.news();
      const all = await said();
      if (all.length >= count) return all;
      if (performance.now() > end) throw new Error(`only ${all.length} of ${count} answers: ${JSON.stringify(all)}`);
      await within(news, lookMs);
    }
  };
  const send = async (text: string, id: string = randomUUID()) => (await post("/api/messages", { text, id })).status;
  return {
    send,
    answers,
    async ask(text) {
      const before = (await said()).length;
      const news = heard.news();
      await send(text);
      await within(news, lookMs);
      return (await answers(before + 1))[before] ?? "";
    },
    async press(data) {
      return (await post("/api/press", { id: randomUUID(), data })).status;
    },
    async stop() {
      await post("/api/stop", { id: randomUUID(), turn: null });
    },
    history,
  };
}

/** Hears of messages as a page does, for as long as the service runs. Reading the whole history again and again would keep a core busy. */
function listen(address: string, cookie: string) {
  let next = Promise.withResolvers<void>();
  const follow = async () => {
    const { body } = await fetch(address, { headers: { cookie } });
    for await (const piece of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      if (!/^event: (?:post|edit)$/m.test(piece)) continue;
      next.resolve();
      next = Promise.withResolvers();
    }
  };
  void follow().catch(() => undefined); // The service has ended.
  return { news: () => next.promise };
}

async function within(event: Promise<void>, ms: number): Promise<void> {
  const stop = new AbortController();
  await Promise.race([event, setTimeout(ms, undefined, { signal: stop.signal }).catch(() => undefined)]);
  stop.abort();
}

interface RawItem {
  readonly role: "person" | "agent";
  readonly text?: string;
  readonly html?: string;
  readonly buttons?: readonly { readonly label: string; readonly data: string }[];
}

function labelled(buttons: readonly { readonly label: string; readonly data: string }[]): Readonly<Record<string, string>> {
  return Object.fromEntries(buttons.map(({ label, data }) => [label, data]));
}

function plain(html: string): string {
  return html
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .trim();
}
