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
import { hostHermes } from "./hosted.ts";
import { freshHome, type Process, type ProcessOptions, type Running, startHermes } from "./service.ts";

/** A service with a model double whose script each test sets, driven over the local page. */
export interface TalkRig<Service extends Running = Running> extends AsyncDisposable {
  readonly model: ModelServer;
  readonly page: PageClient;
  readonly hermes: Service;
  readonly origin: string;
  /** Its `HERMES_HOME`. */
  readonly home: string;
  /** Begins a new conversation with this script, asks, and gives back the answer with the requests it took. */
  ask(text: string, script: Script): Promise<{ readonly answer: string; readonly seen: readonly Seen[] }>;
  /** Begins a new conversation with this script, and asks nothing yet. */
  begin(script: Script): Promise<void>;
  /** Asks in the conversation as it is. */
  askOn(text: string): Promise<string>;
}

/** The same, with a service that can be killed. */
export interface KillableRig extends TalkRig<Process> {
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

/** The service runs in the test's own process. */
export async function openTalk(options: Omit<TalkOptions, "options"> = {}): Promise<TalkRig> {
  return (await open(options, hostHermes)).rig;
}

/** The service has a process of its own, for what only that shows: how it ends, another start, its options. */
export async function openTalkApart(options: TalkOptions = {}): Promise<KillableRig> {
  const given = options.options === undefined ? {} : { options: options.options };
  const { rig, start } = await open(options, async (place) => startHermes({ ...given, mode: "start", ...place }));
  return Object.assign(rig, {
    async restart() {
      await rig.hermes.kill("SIGKILL");
      await start();
    },
  });
}

type Start<Service> = (place: Pick<ProcessOptions, "home" | "env">) => Promise<Service>;

async function open<Service extends Running>(options: TalkOptions, startService: Start<Service>) {
  await using stack = new AsyncDisposableStack();
  const current = { script: null as Script | null, from: 0 };
  const responder: Responder = (seen, count) => {
    if (current.script === null) throw new Error("no script");
    return current.script(seen, count - current.from);
  };
  const model = stack.use(await modelServerWith({ strict: false, ...options.server }, responder));
  const home = stack.use(await freshHome());
  if (options.config !== undefined) await writeFile(join(home.path, "config.yaml"), options.config);
  const launch = async () => {
    const hermes = await startService({ home: home.path, env: { OPENAI_BASE_URL: model.url, ...options.env } });
    const address = (await hermes.printed(/Open (http:\S+)/))[1] ?? "";
    return { hermes, page: await openPage(address), origin: new URL(address).origin };
  };
  const running = { now: await launch() };
  stack.defer(() => running.now.hermes[Symbol.asyncDispose]());
  const askOn = async (text: string) => await running.now.page.ask(text);
  const begin = async (script: Script) => {
    // The page shows nothing of a chat before its first request.
    if (current.script !== null) await askOn("/new");
    current.from = model.seen.length;
    current.script = script;
  };
  const opened = stack.move();
  const rig: TalkRig<Service> = {
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
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  return { rig, start: async () => void (running.now = await launch()) };
}

/** What a request's last message says. */
export function lastOf(seen: Seen | undefined): string {
  return String(seen?.body.messages.at(-1)?.content ?? "");
}
