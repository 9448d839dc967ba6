import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ModelServer,
  type ModelServerOptions,
  modelServerWith,
  type Responder,
  type Seen,
} from "../doubles/model-server.ts";
import { openPage, type PageClient } from "./page-client.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

/** A service with a model double whose script each test sets, driven over the local page. */
export interface TalkRig extends AsyncDisposable {
  readonly model: ModelServer;
  readonly page: PageClient;
  readonly hermes: Process;
  readonly origin: string;
  /** Its `HERMES_HOME`. */
  readonly home: string;
  /** Begins a new conversation with this script, asks, and gives back the answer with the requests it took. */
  ask(text: string, script: Script): Promise<{ readonly answer: string; readonly seen: readonly Seen[] }>;
  /** Begins a new conversation with this script, and asks nothing yet. */
  begin(script: Script): Promise<void>;
  /** Asks in the conversation as it is. */
  askOn(text: string): Promise<string>;
  /** Kills the service and starts it again on the same home. */
  restart(): Promise<void>;
}

/** Answers the n-th request of a test, counted from 0. */
export type Script = (seen: Seen, count: number) => ReturnType<Responder>;

export interface TalkOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: string;
  /** Before the command. */
  readonly options?: readonly string[];
  /** Of which kind the model server is; an OpenAI-compatible one without a name where left out. */
  readonly server?: ModelServerOptions;
}

export async function openTalk(options: TalkOptions = {}): Promise<TalkRig> {
  await using stack = new AsyncDisposableStack();
  const current = { script: null as Script | null, from: 0 };
  const responder: Responder = (seen, count) => {
    if (current.script === null) throw new Error("no script");
    return current.script(seen, count - current.from);
  };
  const model = stack.use(await modelServerWith({ strict: false, ...options.server }, responder));
  const home = stack.use(await freshHome());
  if (options.config !== undefined) await writeFile(join(home.path, "config.yaml"), options.config);
  const given = options.options === undefined ? {} : { options: options.options };
  const start = async () => {
    const hermes = startHermes({ ...given, mode: "start", home: home.path, env: { OPENAI_BASE_URL: model.url, ...options.env } });
    const address = (await hermes.printed(/Open (http:\S+)/))[1] ?? "";
    return { hermes, page: await openPage(address), origin: new URL(address).origin };
  };
  const running = { now: await start() };
  stack.defer(() => running.now.hermes[Symbol.asyncDispose]());
  const askOn = async (text: string) => await running.now.page.ask(text);
  const begin = async (script: Script) => {
    // The page shows nothing of a chat before its first request.
    if (current.script !== null) await askOn("/new");
    current.from = model.seen.length;
    current.script = script;
  };
  const open = stack.move();
  return {
    model,
    home: home.path,
    get page() {
      return running.now.page;
    },
    get hermes() {
      return running.now.hermes;
    },
    get origin() {
      return running.now.origin;
    },
    askOn,
    begin,
    async ask(text, script) {
      await begin(script);
      const { from } = current;
      return { answer: await askOn(text), seen: model.seen.slice(from) };
    },
    async restart() {
      await running.now.hermes.kill("SIGKILL");
      running.now = await start();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What a request's last message says. */
export function lastOf(seen: Seen | undefined): string {
  return String(seen?.body.messages.at(-1)?.content ?? "");
}
