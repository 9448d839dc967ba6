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
}

const patienceMs = 20_000;
const lookMs = 20;

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
  return {
    async send(text, id = randomUUID()) {
      return (await post("/api/messages", { text, id })).status;
    },
    async press(data) {
      return (await post("/api/press", { id: randomUUID(), data })).status;
    },
    async stop() {
      await post("/api/stop", { id: randomUUID(), turn: null });
    },
    history,
    async answers(count) {
      const end = performance.now() + patienceMs;
      for (;;) {
        const said = (await history()).filter((item) => item.role === "agent").map((item) => item.text);
        if (said.length >= count) return said;
        if (performance.now() > end) throw new Error(`only ${said.length} of ${count} answers: ${JSON.stringify(said)}`);
        await setTimeout(lookMs);
      }
    },
  };
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
