import { setTimeout as sleep } from "node:timers/promises";

/** What a page knows of the conversation. */
export interface PageReader {
  items(): readonly Item[];
  /** What running turns have said so far. */
  writing(): readonly string[];
  file(id: string): Buffer | null;
  /** Loses its event stream; it comes back by itself, as a page does. */
  cut(): void;
  close(): void;
}

export interface Item {
  readonly id: string;
  readonly role: "person" | "agent";
  readonly text?: string;
  readonly html?: string;
  readonly buttons?: readonly { readonly label: string; readonly data: string }[];
  readonly files?: readonly { readonly id: string; readonly name: string }[];
  readonly tools?: readonly { readonly tool: string; readonly ok: boolean | null }[];
}

interface TurnData {
  readonly turn: string;
  readonly events: readonly { readonly type: string; readonly delta?: string }[];
}

/** As soon as a page's own script does it. */
const againMs = 300;

/** Follows the page's events and reads its history anew whenever something stands in it. */
export function readPage(origin: string, cookie: string, changed: () => void): PageReader {
  const closed = new AbortController();
  const running = new Map<string, string>();
  const files = new Map<string, Buffer>();
  const state = { items: [] as readonly Item[], stream: new AbortController(), last: "" };
  const get = async (path: string, signal: AbortSignal) => await fetch(origin + path, { headers: { cookie }, signal });
  const refresh = async (): Promise<void> => {
    const { items } = (await (await get("/api/history", closed.signal)).json()) as { items: readonly Item[] };
    for (const { id } of items.flatMap((item) => item.files ?? [])) {
      if (!files.has(id)) files.set(id, Buffer.from(await (await get(`/api/files/${id}`, closed.signal)).arrayBuffer()));
    }
    state.items = items;
  };
  const say = ({ turn, events }: TurnData): void => {
    for (const { type, delta = "" } of events) {
      if (type === "step" || type === "started") running.set(turn, "");
      else if (type === "text") running.set(turn, (running.get(turn) ?? "") + delta);
    }
  };
  const take = async (
    type: string,
    data: { turns?: readonly TurnData[]; turn?: string | null } & Partial<TurnData>,
  ): Promise<void> => {
    if (type === "turn" && data.turn && data.events) return say({ turn: data.turn, events: data.events });
    if (type === "fresh") {
      running.clear();
      for (const each of data.turns ?? []) say(each);
    } else if (type === "post" && data.turn) running.delete(data.turn);
    if (type !== "resumed") await refresh();
  };
  const follow = async (): Promise<void> => {
    state.stream = new AbortController();
    const until = AbortSignal.any([closed.signal, state.stream.signal]);
    const { body } = await get(`/api/events${state.last === "" ? "" : `?last=${state.last}`}`, until);
    let rest = "";
    for await (const piece of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const frames = (rest + piece).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames.filter((each) => !each.startsWith(":"))) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1] ?? "";
        state.last = field("id");
        await take(field("event"), JSON.parse(field("data")));
        changed();
      }
    }
  };
  const loop = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await follow().catch(() => undefined); // cut, or the service has ended
      await sleep(againMs, undefined, { signal: closed.signal }).catch(() => undefined);
    }
  };
  void loop();
  return {
    items: () => state.items,
    writing: () => [...running.values()],
    file: (id) => files.get(id) ?? null,
    cut: () => state.stream.abort(),
    close: () => closed.abort(),
  };
}

/** A message's HTML as its words. */
export function plain(html: string): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return html
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => signs[name] ?? "")
    .trim();
}
