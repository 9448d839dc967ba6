import { languages } from "../src/commands/languages/index.ts";
import type { Adapter, ChatState, LiveStyle } from "../src/core/adapter.ts";
import type { ProgressMode } from "../src/core/chat-settings.ts";
import { chatKey, type ChatRef } from "../src/core/chats.ts";
import type { AgentState, LiveEvent, TurnEvent } from "../src/core/events.ts";
import { asFailure } from "../src/core/failures.ts";
import type { Language } from "../src/core/language.ts";
import type { Live } from "../src/core/live.ts";
import type { Log } from "../src/core/log.ts";
import type { Metrics } from "../src/core/metrics.ts";
import { createPace, type Pace } from "./pace.ts";
import { createPreview, type Preview } from "./preview.ts";

/** What a view needs of the record: the message that shows a turn, kept so that the answer can take its place after a restart. */
export interface PreviewStore {
  keep(turn: string, message: string): Promise<void>;
  find(turn: string): Promise<string | null>;
}

export interface ViewParts {
  readonly adapter: Adapter;
  readonly live: Live;
  readonly previews: PreviewStore;
  /** How much of the tools a chat wants to see; without it, all. */
  toolProgress?(chat: ChatRef): Promise<ProgressMode>;
  /** The language of whoever asked; without it, the first that ships. */
  language?(turn: string): Promise<Language>;
  /** What is done in this chat can't be stored now. */
  unwritten?(chat: ChatRef, person: string): void;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Turn events into what a chat shows while it waits: the same for every platform. */
export interface View {
  /** No more previews of this turn; resolves, once none is under way, to the message it has shown it in, or null. */
  settle(turn: string): Promise<string | null>;
  close(): Promise<void>;
}

/** The first words are gathered this long, so that a placeholder does not show a single letter. */
const firstMs = 250;
/** Typing indicators last five seconds on Telegram (platforms' shortest). */
const typingMs = 4_500;
/** Telegram shows a draft for half a minute, then it is gone, and its stop button with it. */
const draftMs = 20_000;
/** A turn that nobody settles (another gateway delivered it) is forgotten when it has said nothing for so long. */
const forgetMs = 600_000;

interface Shown {
  readonly turn: string;
  readonly chat: ChatRef;
  readonly replyTo: string | null;
  readonly preview: Preview;
  fence: number;
  message: string | null;
  /** What the chat shows now; an update that changes nothing is not sent. Null: a draft is due, also without words. */
  last: string | null;
  lastAt: number;
  /** When it was last shown anything. */
  shownAt: number;
  timer: NodeJS.Timeout | null;
  typing: NodeJS.Timeout | null;
  /** True from the moment an update is due until it is out: it may wait for its place meanwhile. */
  busy: boolean;
  /** The request under way, if any. */
  sending: Promise<void> | null;
  state: "open" | "quiet" | "ended";
  /** What the chat was last told that the agent does. */
  told: ChatState;
  /** What it is being told: one word after another, so that the last one also arrives last. */
  telling: Promise<void>;
  /** Null until something is first shown: of most turns nothing is, and nobody need look it up. */
  language: Language | null;
  /** Whether it has said that it waits for a person. */
  asks: boolean;
  /** Whether it rests, as far as is known: then only its subagents may be at work. */
  parked: boolean;
  readonly agents: Map<string, AgentState>;
  /** Ends and forgets it. */
  readonly forget: NodeJS.Timeout;
}

export async function createView(parts: ViewParts): Promise<View> {
  const turns = new Map<string, Shown>();
  const settled = new Set<string>();
  const pace = createPace(parts.adapter.previewsPerSecond);
  const subscription = await parts.live.subscribe(parts.adapter.platform, (event) => {
    if (event.event.type === "titled") return void parts.adapter.title?.(event.chat, event.event.title).catch(() => undefined);
    if (event.event.type === "unwritten") return parts.unwritten?.(event.chat, event.event.person);
    if (parts.adapter.live(event.chat).kind === "push") return parts.adapter.push(event);
    // Live events may come later than the answer: they must not show a turn again that is over.
    if (settled.has(event.turn)) return;
    const shown = turns.get(event.turn) ?? begin(parts, turns, event);
    if (take(parts, pace, turns, shown, event)) schedule(parts, pace, shown);
  });
  return {
    async settle(turn) {
      settled.add(turn);
      setTimeout(() => settled.delete(turn), forgetMs).unref();
      const shown = turns.get(turn);
      if (!shown) return null;
      end(shown);
      turns.delete(turn);
      if (shown.told === "working") rest(parts, turns, shown);
      // It has been handled where it was sent; here only its end matters.
      await shown.sending?.catch(() => undefined);
      return shown.message;
    },
    async close() {
      await subscription.close();
      for (const shown of turns.values()) end(shown);
      await Promise.all([...turns.values()].map((shown) => shown.sending?.catch(() => undefined)));
      turns.clear();
    },
  };
}

function begin(parts: ViewParts, turns: Map<string, Shown>, event: LiveEvent): Shown {
  const { turn, chat, replyTo, fence } = event;
  const shown: Shown = {
    turn,
    chat,
    replyTo,
    fence,
    preview: createPreview(),
    message: null,
    last: "",
    lastAt: -Infinity,
    shownAt: -Infinity,
    timer: null,
    typing: null,
    busy: false,
    sending: null,
    state: "open",
    told: "idle",
    telling: Promise.resolve(),
    language: null,
    asks: false,
    parked: event.event.type === "agent",
    agents: new Map(),
    forget: setTimeout(() => {
      end(shown);
      if (turns.get(turn) === shown) turns.delete(turn);
    }, forgetMs).unref(),
  };
  turns.set(turn, shown);
  void parts.toolProgress?.(chat).then(
    (mode) => shown.preview.show(mode),
    () => undefined,
  );
  return shown;
}

/** True: the chat may have more to show now. */
function take(
  parts: ViewParts,
  pace: Pace,
  turns: ReadonlyMap<string, Shown>,
  shown: Shown,
  { fence, event }: LiveEvent,
): boolean {
  // Words of an attempt that another worker has taken over are stale; a subagent's come from elsewhere.
  if ((fence < shown.fence && event.type !== "agent") || shown.state === "ended") return false;
  shown.fence = Math.max(fence, shown.fence);
  shown.forget.refresh();
  shown.preview.take(event);
  mark(parts, shown, event);
  if (event.type === "finished" && event.end !== "parked") {
    rest(parts, turns, shown);
    pauseTimers(shown);
    return false;
  }
  if (event.type === "agent") shown.agents.set(event.agent, event.state);
  else shown.parked = event.type === "finished";
  if (event.type === "started" || event.type === "asks") shown.asks = event.type === "asks";
  const agents = [...shown.agents.values()];
  if (shown.parked && (shown.asks || !agents.includes("working"))) {
    if (shown.asks || agents.includes("asking")) tell(parts, shown, "waiting");
    pauseTimers(shown);
    return event.type === "agent";
  }
  tell(parts, shown, "working");
  if (!shown.typing) keepTyping(parts, pace, shown);
  return event.type !== "finished";
}

function schedule(parts: ViewParts, pace: Pace, shown: Shown): void {
  if (shown.timer || shown.busy || shown.state !== "open") return;
  const style = parts.adapter.live(shown.chat);
  if (style.kind === "none" || style.kind === "push") return;
  const since = performance.now() - shown.lastAt;
  const wait = Math.max(
    shown.last === "" && (style.kind === "edit" || style.kind === "stream") ? firstMs : 0,
    style.everyMs - since,
  );
  shown.timer = setTimeout(() => {
    shown.timer = null;
    shown.busy = true;
    void show(parts, pace, shown).finally(() => {
      shown.busy = false;
      // What came meanwhile is shown by the next update.
      if (shown.state === "open" && content(parts, shown) !== shown.last) schedule(parts, pace, shown);
    });
  }, wait);
}

async function show(parts: ViewParts, pace: Pace, shown: Shown): Promise<void> {
  const wanted = () => shown.state === "open" && parts.adapter.live(shown.chat).kind !== "none";
  const roomy = await pace.take(wanted);
  if (shown.language === null && wanted()) await speak(parts, shown);
  if (!wanted()) return;
  const next = content(parts, shown);
  shown.lastAt = performance.now();
  if (!roomy || next === shown.last || (next === "" && shown.last !== null)) return;
  const before = parts.adapter.live(shown.chat).kind;
  try {
    shown.sending = put(parts, shown);
    await shown.sending;
    shown.last = next;
    shown.shownAt = performance.now();
  } catch (error) {
    refused(parts, shown, before, error);
  } finally {
    shown.sending = null;
    // Counted from when it was there: one that took long must not bring the next too near.
    shown.lastAt = performance.now();
  }
}

/** What is ours in it is said in its reader's language. */
async function speak(parts: ViewParts, shown: Shown): Promise<void> {
  shown.language = (await parts.language?.(shown.turn).catch(() => null)) ?? languages[0];
  shown.preview.speak(shown.language);
}

/** What the chat should show now, to be compared: a stream shows more than a preview does, such as that a tool has ended. */
function content(parts: ViewParts, { chat, preview }: Shown): string {
  const markdown = preview.markdown();
  if (markdown === "" || parts.adapter.live(chat).kind !== "stream") return markdown;
  return JSON.stringify(preview.progress());
}

async function put(parts: ViewParts, shown: Shown): Promise<void> {
  const { kind } = parts.adapter.live(shown.chat);
  if (kind === "stream") return await feed(parts, shown);
  const chunk = parts.adapter.render(shown.preview.markdown()).at(-1);
  if (kind === "draft") return await parts.adapter.draft(shown.chat, shown.turn, chunk);
  shown.message ??= await parts.previews.find(shown.turn);
  const stop = { turn: shown.turn, ...(shown.language === null ? {} : { stop: shown.language.progress.stop }) };
  if (shown.message !== null) return await parts.adapter.edit(shown.chat, shown.message, chunk, stop);
  shown.message = await parts.adapter.post(shown.chat, chunk, { replyTo: shown.replyTo, ...stop });
  await parts.previews.keep(shown.turn, shown.message);
}

async function feed(parts: ViewParts, shown: Shown): Promise<void> {
  const { chat, turn, replyTo, preview } = shown;
  const before = shown.message ?? (await parts.previews.find(turn));
  shown.message = before;
  const message = await parts.adapter.stream?.(chat, turn, preview.progress(), { replyTo, message: before });
  if (message === undefined || message === null || message === before) return;
  shown.message = message;
  await parts.previews.keep(turn, message);
}

/** It works no more; the chat is told so unless another turn there works: the next one may have begun. */
function rest(parts: ViewParts, turns: ReadonlyMap<string, Shown>, shown: Shown): void {
  const key = chatKey(shown.chat);
  const others = [...turns.values()].filter((each) => each !== shown && each.told === "working");
  if (others.some(({ chat }) => chatKey(chat) === key)) shown.told = "idle";
  else tell(parts, shown, "idle");
}

/** Says what the agent does in the chat, where that is shown; a courtesy too. */
function tell(parts: ViewParts, shown: Shown, state: ChatState): void {
  if (shown.told === state) return;
  shown.told = state;
  const say = async () => (shown.told === state ? await parts.adapter.state?.(shown.chat, state) : undefined);
  shown.telling = shown.telling.then(say).catch(() => undefined);
}

/** A preview is a courtesy: after the first 429 there are no more for this turn, since they would hold up the answer. */
function refused(parts: ViewParts, shown: Shown, before: LiveStyle["kind"], error: unknown): void {
  const { code } = asFailure(error);
  parts.log.debug({ code, turn: shown.turn }, "a preview was not taken");
  if (code === "platform.rate_limited") parts.metrics.rateLimited(parts.adapter.platform);
  // An adapter whose drafts are refused says `edit` from now on: the next update tries that.
  const changed = code === "platform.refused" && parts.adapter.live(shown.chat).kind !== before;
  if (code !== "platform.unavailable" && !changed && shown.state === "open") shown.state = "quiet";
}

/** Marks the message that asked; a turn that waits or changes hands goes on. */
function mark({ adapter }: ViewParts, { chat, replyTo }: Shown, event: TurnEvent): void {
  const ended = event.type === "finished" && (event.end === "answered" || event.end === "failed" || event.end === "stopped");
  if (replyTo === null || !adapter.mark || !(ended || event.type === "started")) return;
  const sign = !ended ? "seen" : event.end === "failed" ? "failed" : "answered";
  void adapter.mark(chat, replyTo, sign).catch(() => undefined);
}

function keepTyping(parts: ViewParts, pace: Pace, shown: Shown): void {
  const type = () => {
    if (shown.state === "ended") return;
    if (shown.typing !== null) renew(parts, pace, shown);
    if (performance.now() - shown.lastAt > typingMs) void parts.adapter.typing(shown.chat).catch(() => undefined);
    shown.typing = setTimeout(type, typingMs);
  };
  type();
}

/** What takes long keeps its draft, and so its stop button, also before its first word. */
function renew(parts: ViewParts, pace: Pace, shown: Shown): void {
  if (shown.busy || shown.timer !== null || parts.adapter.live(shown.chat).kind !== "draft") return;
  if (performance.now() - shown.shownAt < draftMs) return;
  shown.last = null;
  schedule(parts, pace, shown);
}

function pauseTimers(shown: Shown): void {
  if (shown.timer) clearTimeout(shown.timer);
  if (shown.typing) clearTimeout(shown.typing);
  shown.timer = null;
  shown.typing = null;
}

function end(shown: Shown): void {
  shown.state = "ended";
  clearTimeout(shown.forget);
  pauseTimers(shown);
}
