import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { type Watchers, waitFor } from "../../doubles/waiting.ts";
import type { Process } from "../../flow/service.ts";
import { type Driver, type Lack, type Line, shown, type Talk, type TestFile } from "./driver.ts";
import { type Item, type PageReader, plain, readPage } from "./page-reader.ts";

const patienceMs = 60_000;

/** The local page, over its own HTTP and events: a browser adds nothing to these. */
export async function pageDriver(): Promise<Driver & { history(): readonly Item[] }> {
  const watchers: Watchers = new Set();
  const wire = createWire(() => watchers.forEach((watch) => watch()));
  const trouble = { planned: false };
  const post = async (text: string, id: string, files: readonly string[]): Promise<void> => {
    const body = { id, text, files };
    if (trouble.planned) await wire.lose("/api/messages", body);
    trouble.planned = false;
    await wire.post("/api/messages", body);
  };
  const open = (from: ReadonlySet<string>): Talk => {
    const items = (): readonly Item[] =>
      (wire.reader()?.items() ?? []).filter(({ id, role }) => role === "agent" && !from.has(id));
    const lines = (): readonly Line[] => [
      ...items().map((item) => line(item, wire.reader())),
      ...(wire.reader()?.writing() ?? []).map((text) => ({ text, buttons: [], file: null, written: false })),
    ];
    const say: Talk["say"] = async (text, file) => {
      const id = randomUUID();
      const files = file ? [await wire.upload(file)] : [];
      await post(text, id, files);
      return async () => await post(text, id, files);
    };
    return {
      say,
      command: async (name) => void (await say(`/${name}`)),
      async press(label) {
        const pressed = items()
          .flatMap(({ buttons = [] }) => buttons)
          .findLast((each) => each.label === label);
        await wire.post("/api/press", { id: randomUUID(), data: pressed?.data ?? assert.fail(`no button ${label}`) });
      },
      stop: () => wire.post("/api/stop", { id: randomUUID(), turn: null }),
      until: (look) =>
        shown(
          waitFor(
            watchers,
            () => look(lines()),
            patienceMs,
            () => [],
          ),
          lines,
        ),
    };
  };
  return {
    history: () => wire.reader()?.items() ?? [],
    platform: "web",
    env: {},
    connected: wire.connect,
    async talk() {
      const known = () => new Set((wire.reader()?.items() ?? []).map(({ id }) => id));
      const before = known();
      if (before.size === 0) return open(before);
      const fresh = open(before);
      await fresh.command("new");
      // A late line of the conversation before may come first.
      await fresh.until((lines) => lines.some(({ text }) => text.startsWith("A new conversation begins")));
      return open(known());
    },
    threads: () => assert.fail("the page has no threads"),
    trouble() {
      trouble.planned = true;
      return () => void (trouble.planned = false);
    },
    cut: () => wire.reader()?.cut(),
    disorder: () => assert.fail("the page keeps nothing back"),
    remove: () => assert.fail("the page's conversation can't be deleted"),
    rename: () => assert.fail("the page knows no names"),
    forget: wire.forget,
    repeats: false,
    alone: true,
    lacks: lacks(wire),
    [Symbol.asyncDispose]: async () => wire.reader()?.close(),
  };
}

type Wire = ReturnType<typeof createWire>;

/** The way to the service, wherever it runs now. */
function createWire(changed: () => void) {
  const state = { origin: "", cookie: "", reader: null as PageReader | null, there: Promise.withResolvers<void>() };
  const send = async (path: string, body: string | Uint8Array<ArrayBuffer>, type: string): Promise<Response> => {
    const headers = { cookie: state.cookie, origin: state.origin, "content-type": type };
    return await fetch(state.origin + path, { method: "POST", headers, body });
  };
  return {
    reader: () => state.reader,
    async connect(hermes: Process) {
      const address = (await hermes.printed(/Open (http:\S+)/))[1] ?? "";
      const first = await fetch(address);
      state.cookie = first.headers
        .getSetCookie()
        .map((each) => each.split(";")[0])
        .join("; ");
      state.origin = new URL(address).origin;
      state.reader?.close();
      state.reader = readPage(state.origin, state.cookie, changed);
      state.there.resolve();
    },
    forget() {
      state.there = Promise.withResolvers<void>();
    },
    /** As the page does it: under the same key until it is taken. */
    async post(path: string, body: object): Promise<void> {
      await state.there.promise;
      const { status } = await send(path, JSON.stringify(body), "application/json");
      assert.equal(status, 202);
    },
    status: async (method: string, path: string) =>
      (await fetch(state.origin + path, { method, headers: { cookie: state.cookie, origin: state.origin } })).status,
    /** Sends, and never hears what became of it. */
    async lose(path: string, body: object): Promise<void> {
      const headers = { cookie: state.cookie, origin: state.origin, "content-type": "application/json" };
      const asked = request(state.origin + path, { method: "POST", headers, agent: false }).end(JSON.stringify(body));
      asked.on("error", () => {});
      await once(asked, "response");
      asked.destroy();
    },
    async upload({ name, bytes }: TestFile): Promise<string> {
      const query = new URLSearchParams({ name, type: "text/plain" });
      const answer = await send(`/api/files?${query.toString()}`, new Uint8Array(bytes), "application/octet-stream");
      const { id } = (await answer.json()) as { id: string };
      return id;
    },
  };
}

function line({ text, html = "", buttons = [], files = [] }: Item, reader: PageReader | null): Line {
  const [file] = files;
  const bytes = file && reader?.file(file.id);
  return {
    text: text ?? plain(html),
    buttons: buttons.map(({ label }) => label),
    file: file && bytes ? { name: file.name, bytes } : null,
    written: true,
  };
}

/** What the page does not have, and what shows it. */
function lacks(wire: Wire): Readonly<Record<string, Lack>> {
  const gone = (path: string, method: string) => async () => assert.equal(await wire.status(method, path), 404);
  const oneTalk = async (driver: Driver, more: readonly object[]) => {
    const talk = await driver.talk();
    for (const [at, extra] of more.entries()) {
      await wire.post("/api/messages", { id: randomUUID(), text: "how many?", ...extra });
      await talk.until((lines) => lines.some(({ text }) => text === `I know of ${at + 1}`));
    }
  };
  return {
    thread: {
      why: "the page is one conversation",
      proof: (driver) => oneTalk(driver, [{ thread: "7" }, { thread: "8" }]),
    },
    "person renamed": {
      why: "whoever holds the token is the same person, whatever they call themselves",
      proof: (driver) => oneTalk(driver, [{ sender: { id: "a", name: "Ann" } }, { sender: { id: "b", name: "Bob" } }]),
    },
    "place deleted in the middle of an answer": {
      why: "nobody can delete the page's conversation",
      proof: gone("/api/history", "DELETE"),
    },
    "all arrive when told in the wrong order": {
      why: "the page keeps nothing back: each message is a request of its own",
      async proof(driver) {
        const talk = await driver.talk();
        await Promise.all(["north", "south"].map((text) => talk.say(text)));
        const echoes = ["echo north", "echo south"];
        await talk.until((lines) => echoes.every((echo) => lines.filter(({ text }) => text === echo).length === 1));
      },
    },
    "429": {
      why: "nothing between the page and the service counts requests",
      async proof() {
        await Promise.all(Array.from({ length: 50 }, () => wire.post("/api/stop", { id: randomUUID(), turn: null })));
      },
    },
  };
}
