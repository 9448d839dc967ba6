import { randomUUID } from "node:crypto";
import { unhidden } from "../../core/markdown.ts";
import { answerTo, buttonFor } from "../../core/question.ts";
import {
  asksNow,
  onceSeat,
  type TerminalCall,
  type TerminalFile,
  type TerminalHears,
  type TerminalLink,
  type TerminalOutcome,
  type TerminalPost,
  type TerminalSays,
  type TerminalState,
} from "../../core/terminal.ts";
import { type Context, exits, type Streams } from "../context.ts";
import { hasLeft } from "../leaving.ts";
import { openLink } from "./link.ts";
import { type Progress, progressOn } from "./progress.ts";

export interface OnceOptions {
  readonly question: string;
  /** What goes with it. */
  readonly files: readonly TerminalFile[];
  readonly only: TerminalCall["only"];
  readonly resume: TerminalCall["resume"];
  readonly language: TerminalCall["language"];
  /** `json`: one object at the end; `lines`: what happens as it does, an object a line. */
  readonly form: "text" | "json" | "lines";
  readonly quiet: boolean;
  /** Draws Markdown for a screen of this width. */
  draw(markdown: string): Promise<string>;
}

/** Asks once: the answer goes to stdout, what else there is to say to stderr. Sets the exit status; never waits for somebody who is not there. */
export async function askOnce(context: Context, streams: Streams, options: OnceOptions): Promise<void> {
  const { only, resume, language } = options;
  const seat = `${onceSeat}${randomUUID()}`;
  const asking: Asking = {
    context,
    options,
    id: randomUUID(),
    progress: progressOn(streams, options),
    refused: [],
    files: [],
    posts: new Map(),
    replied: new Set(),
    replying: false,
    replies: new Map(),
    line: null,
    left: Promise.withResolvers(),
    stop: null,
    answer: null,
    looks: 0,
  };
  let call: TerminalCall = { seat, only, resume, language, looks: false };
  let patienceMs = 0;
  for (;;) {
    const { link, hello } = await openLink({ context, call, patienceMs });
    let end: End | null = null;
    try {
      end = await talkOver(link, hello, asking);
    } finally {
      await link.leave();
    }
    if (end !== null) return finish(asking, streams, end);
    context.remark("hermes: the service has gone away; waiting for it to come back …");
    // What was posted meanwhile is told to one who looks on. The question is the same one, so it is not asked twice.
    call = { ...call, resume: null, looks: true };
    patienceMs = comingBackMs;
  }
}

/** A service that is restarted is there again by then; after that the question is answered in this process. */
const comingBackMs = 10_000;
/** So long after Ctrl-C we wait for the turn to end. */
const stopMs = 5_000;
/** How often it is asked how things stand, should what would have told it be lost. */
const lookMs = 2_000;
const interrupted = 130;

interface Asking {
  readonly context: Context;
  readonly options: OnceOptions;
  readonly id: string;
  readonly progress: Progress;
  /** What was asked for and not allowed, as nobody was there to ask. */
  readonly refused: string[];
  readonly files: string[];
  /** What was said to this question alone, by the posts' ids. */
  readonly posts: Map<string, TerminalPost>;
  /** Those of them that asked something, and have been answered. */
  readonly replied: Set<string>;
  /** Somebody is being asked just now. */
  replying: boolean;
  /** What was answered and is not known to be stored. */
  readonly replies: Map<string, Reply>;
  /** The service as it was reached last: it may go away, and be back, while somebody is being asked. */
  line: Line | null;
  /** Rejects when whoever was asked leaves. */
  readonly left: PromiseWithResolvers<never>;
  /** Said once nothing more is wanted. */
  stop: Stop | null;
  /** The newest of them that may be the answer. */
  answer: TerminalPost | null;
  /** How often it had been asked how things stand when that came; only what is said of a later time tells what it is. */
  looks: number;
}

type Reply = TerminalSays & { readonly type: "say" | "press" };

type Stop = TerminalSays & { readonly type: "stop" };

interface Line {
  say(message: Reply): void;
  look(): void;
}

type End = { readonly type: "over"; readonly state: TerminalState } | { readonly type: "interrupted" };

/** Asks, and listens until all is said; null when the service has gone away. */
async function talkOver(
  link: TerminalLink,
  hello: TerminalHears & { readonly type: "hello" },
  asking: Asking,
): Promise<End | null> {
  const { promise, resolve, reject } = Promise.withResolvers<End | null>();
  const looks = { asked: 0, told: 0 };
  const look = () => {
    looks.asked += 1;
    link.say({ type: "look", message: asking.id });
  };
  asking.looks = 0;
  asking.progress.show(hello.toolProgress);
  const hear = (said: TerminalHears) => {
    if (asking.options.form === "lines" && said.type !== "state") asking.context.print(json(said));
    switch (said.type) {
      case "event":
        asking.progress.take(said.event);
        return said.event.type === "finished" ? look() : undefined;
      case "post":
        take(asking, said, looks.asked);
        return look();
      case "state":
        looks.told += 1;
        if (isOver(asking, said, looks.told)) return resolve({ type: "over", state: said });
        // What else it asks is seen then.
        return void replyTo(asksUs(asking, said), asking);
      case "refused":
        if (asking.stop !== null && said.id !== asking.stop.id)
          return said.id === asking.id ? resolve({ type: "interrupted" }) : undefined;
        if (!said.again || !own(asking).some(({ id }) => id === said.id))
          return resolve({ type: "over", state: { ...noState, outcome: failed(said.why) } });
        return void setTimeout(sayAll, againMs, said.id).unref();
      case "taken":
        return void asking.replies.delete(said.id);
      case "edit":
      case "hello":
      case "suggestions":
        return;
    }
  };
  const sayAll = (only?: string | null) => {
    for (const message of own(asking))
      if (only === undefined || message.id === only) link.say(message, message.id === asking.id ? asking.options.files : []);
  };
  const stop = () => {
    asking.stop ??= { type: "stop", id: randomUUID() };
    link.say(asking.stop);
    process.once("SIGINT", () => resolve({ type: "interrupted" }));
    setTimeout(() => resolve({ type: "interrupted" }), stopMs).unref();
  };
  const leave = (thrown: unknown) => (hasLeft(thrown) ? stop() : reject(thrown));
  link.listen(hear, () => resolve(null));
  const looking = setInterval(look, lookMs);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, stop);
  for (const post of hello.missed) take(asking, post, 0);
  if (asking.stop === null) sayAll();
  else stop();
  asking.line = { say: (message) => link.say(message), look };
  asking.left.promise.catch(leave);
  return await promise.finally(() => {
    clearInterval(looking);
    for (const signal of signals) process.removeListener(signal, stop);
  });
}

const againMs = 200;

/** What is to be stored; each counts once, however often it is said. */
function own({ id, options, replies, stop }: Asking): readonly (Reply | Stop)[] {
  if (stop !== null) return [stop];
  return [{ type: "say", id, text: options.question, files: options.files.map((file) => file.id) }, ...replies.values()];
}

function take(asking: Asking, post: TerminalPost, looks: number): void {
  if (post.file !== null) {
    if (!asking.files.includes(post.file)) asking.files.push(post.file);
    return;
  }
  // A remark past the record, such as that the queue is away, or what something else has to say here: no answer.
  if (post.id === null || (post.answers !== asking.id && !asksNow(post))) return asking.context.remark(unhidden(post.markdown));
  asking.posts.set(post.id, post);
  // Told again by a service that was away.
  if (asking.replied.has(post.id)) return;
  // Such as that something was saved, with a button to undo it: it stands beside an answer or a question.
  if (asking.answer !== null && isAside(post)) return;
  asking.answer = post;
  asking.looks = looks;
}

/** Whether nothing but buttons that wait for nobody makes it differ from an answer. */
function isAside(post: TerminalPost): boolean {
  return post.buttons.length > 0 && !asksNow(post);
}

/** Whether all is said. `told`: the how-manieth word it is on how things stand. */
function isOver(asking: Asking, { busy, outcome, asking: open }: TerminalState, told: number): boolean {
  const { answer, looks, posts } = asking;
  if (outcome !== null && outcome.post !== null) {
    const said = posts.get(outcome.post);
    if (said !== undefined) asking.answer = said;
    return said !== undefined && outcome.filesToCome === 0;
  }
  // A command is answered without a turn.
  return answer !== null && (outcome !== null || (!busy && told > looks && !open.includes(answer.id ?? "")));
}

/** What the turn waits for; null: for nothing that was asked here. */
function asksUs({ posts, replied, replying, stop }: Asking, { asking: open }: TerminalState): TerminalPost | null {
  const [post] = replying || stop !== null ? [] : open.filter((id) => !replied.has(id)).flatMap((id) => posts.get(id) ?? []);
  return post ?? null;
}

/** Somebody who looks on is asked; else what needs leave is refused, and what needs words is told that nobody has any. */
async function replyTo(post: TerminalPost | null, asking: Asking): Promise<void> {
  if (post === null || post.id === null) return;
  asking.replying = true;
  asking.replied.add(post.id);
  if (asking.answer === post) asking.answer = null;
  try {
    const reply = await replyFor(post, asking);
    asking.replies.set(reply.id, reply);
    asking.line?.say(reply);
    asking.line?.look();
  } catch (thrown) {
    asking.left.reject(thrown);
  } finally {
    asking.replying = false;
  }
}

async function replyFor(post: TerminalPost, { context, progress, refused }: Asking): Promise<Reply> {
  const { markdown, buttons } = post;
  const deny = buttonFor(buttons, "deny") ?? undefined;
  const id = randomUUID();
  if (context.ask !== null) {
    progress.clear();
    const words = await wordsTo(post, context.ask);
    const chosen = answerTo(buttons, words) ?? deny;
    if (chosen !== undefined) return { type: "press", id, data: chosen.data };
    return { type: "say", id, text: words === "" ? nobodyThere : words };
  }
  if (deny === undefined) return { type: "say", id, text: nobodyThere };
  refused.push(markdown);
  return { type: "press", id, data: deny.data };
}

/** What somebody answers; asked for once more where it could only be taken for a refusal. Nothing in a question steers the terminal. */
async function wordsTo({ markdown, buttons }: TerminalPost, ask: NonNullable<Context["ask"]>): Promise<string> {
  const lines = [unhidden(markdown), ...buttons.map(({ label }, at) => `  ${at + 1} ${unhidden(label)}`)];
  const words = await ask(`${lines.join("\n")}\n❯ `);
  if (answerTo(buttons, words) !== null || buttonFor(buttons, "deny") === null) return words;
  return await ask("None of these was meant. The number, please; anything else denies it.\n❯ ");
}

const nobodyThere = "Nobody is here to answer. Decide for yourself, and say in your answer what you assumed.";

async function finish(asking: Asking, streams: Streams, end: End): Promise<void> {
  asking.progress.clear();
  if (end.type === "interrupted") {
    asking.context.remark("hermes: stopped.");
    return asking.context.exit(interrupted);
  }
  await print(asking, streams, end.state);
  explain(asking, end.state.outcome);
}

/** The answer, or all that is known of it. */
async function print(asking: Asking, streams: Streams, state: TerminalState): Promise<void> {
  const { context, options, answer, files } = asking;
  if (options.form !== "text") return context.print(json(resultOf(asking, state), options.form === "json" ? 2 : 0));
  if (state.outcome !== null && state.outcome.end !== "answered") return;
  const markdown = answer?.markdown ?? "";
  context.print(streams.stdout.isTTY === true ? await options.draw(markdown) : harmless(markdown));
  for (const path of files) context.remark(`Saved: ${path}`);
}

/** Why there is no answer, or not the one that was wanted; the exit status says so too. */
function explain({ context, answer, refused }: Asking, outcome: TerminalOutcome | null): void {
  const end = outcome?.end ?? "answered";
  if (end !== "answered") context.remark(`hermes: ${harmless(answer?.markdown || outcome?.failure || end)}`);
  for (const what of refused)
    context.remark(
      `hermes: this needed leave, and nobody was there to ask, so it was refused:\n${indented(harmless(what))}\n` +
        "        Ask in `hermes chat`, where you can allow it, or allow it ahead: docs/security.md.",
    );
  context.exit(end === "stopped" ? interrupted : end === "failed" || refused.length > 0 ? exits.failure : exits.ok);
}

function resultOf({ answer, files, refused, options }: Asking, { session, model, outcome }: TerminalState): object {
  const { end = "answered", failure = null, ms = 0, tools = [], usage = null } = outcome ?? {};
  return {
    ...(options.form === "lines" ? { type: "result" } : {}),
    status: end,
    answer: end === "answered" ? (answer?.markdown ?? "") : null,
    failure: end === "failed" ? (failure ?? answer?.markdown ?? null) : null,
    session,
    model,
    seconds: ms / 1_000,
    tools,
    usage,
    files,
    refused,
  };
}

/** The control characters that JSON leaves as they are act on a terminal, too. */
function json(value: object, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(/[\u007F-\u009F]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}

/** What a model writes must not steer the terminal that some later program shows it on. */
function harmless(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, "").trimEnd();
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "        ");
}

const noUsage = { calls: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
const noFigures = { title: null, since: 0, model: "", demonstration: false, used: null, window: null };
const noState = { ...noFigures, session: null, busy: false, toolProgress: "all", asking: [] } as const;

function failed(why: string): TerminalOutcome {
  return { turn: "", post: null, end: "failed", failure: why, ms: 0, tools: [], usage: noUsage, filesToCome: 0 };
}
