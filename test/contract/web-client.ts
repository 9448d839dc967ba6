import { once } from "node:events";
import { request } from "node:http";
import { type PageRig, token } from "../e2e/page-rig.ts";

/** One server-sent event as a page gets it. */
export interface Heard {
  readonly type: string;
  readonly lastId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event stream being read. */
export interface Listener {
  /** The next event of this type; others before it are dropped. */
  next(type: string): Promise<Heard>;
  close(): void;
}

/** Exchanges the token as the first load does. */
export async function cookieOf(rig: PageRig): Promise<string> {
  const response = await fetch(`${rig.origin}/?token=${token}`);
  await response.text();
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** Opens the event stream as a page that has seen everything up to `lastId`. */
export async function listen(rig: PageRig, lastId: string | null = null): Promise<Listener> {
  const headers = { cookie: await cookieOf(rig), ...(lastId === null ? {} : { "last-event-id": lastId }) };
  const asked = request(`${rig.origin}/api/events`, { headers, agent: false }).end();
  const [response] = await once(asked, "response");
  const events = read(response.setEncoding("utf8"));
  asked.on("error", () => {});
  return {
    async next(type) {
      for (let step = await events.next(); !step.done; step = await events.next())
        if (step.value.type === type) return step.value;
      throw new Error(`the stream ended before ${type}`);
    },
    close: () => asked.destroy(),
  };
}

async function* read(pieces: AsyncIterable<string>): AsyncGenerator<Heard, undefined> {
  let rest = "";
  for await (const piece of pieces) {
    const frames = (rest + piece).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1] ?? "";
      if (!frame.startsWith(":")) yield { type: field("event"), lastId: field("id"), data: JSON.parse(field("data")) };
    }
  }
  return undefined;
}
