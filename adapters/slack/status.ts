import type { ChatState } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import { pause } from "../../src/core/pause.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { reason, refusal, toFailure } from "./errors.ts";
import type { Recent } from "./recent.ts";

/** What the agent does in a thread, as Slack shows it: with a Stop button while it works. */
export interface Status {
  /** Resolves when it has been told, or something newer of the same thread. */
  set(chat: ChatRef, state: ChatState): Promise<void>;
  /** Shows what the agent waits for. */
  say(chat: ChatRef, notice: string): Promise<void>;
  /** Shows it again where it fades by itself. */
  keep(chat: ChatRef): Promise<void>;
  /** Gives a thread's session another title. */
  rename(chat: ChatRef, title: string): Promise<void>;
}

export interface StatusParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  readonly recent: Recent;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const words = { working: "processing", waiting: "suspended", idle: "active" } as const;
/** A line of the older kind fades after two minutes. */
const fadesMs = 100_000;
/** Of 50 a minute, these are for the end of the work. */
const reserve = 20;
const sayEveryMs = 5_000;
const most = 1_000;
/** An end that could not be told is tried again so often: else a Stop button would stay for good. */
const mostTries = 5;

interface Lane {
  wanted: ChatState;
  /** What Slack believes; null: what it was told by an earlier process, if anything. */
  told: ChatState | "unsure" | null;
  working: Promise<void> | null;
}

export function createStatus(parts: StatusParts): Status {
  const { api, budget, recent, log } = parts;
  /** When a line was last set, where the workspace knows no agent sessions. */
  const lines = new Map<string, number>();
  /** Threads whose state is being told, or was told as something else than idle. */
  const lanes = new Map<string, Lane>();
  let sessions = true;
  const line = async (chat: ChatRef, status: string): Promise<void> => {
    const key = keyOf(chat);
    if (status === "") lines.delete(key);
    else lines.set(key, performance.now());
    if (lines.size > most) lines.clear();
    if (budget.take("assistant.threads.setStatus", status === "" ? 0 : reserve))
      await api.aside("assistant.threads.setStatus", { channel_id: chat.chat, thread_ts: chat.thread, status });
  };
  const tell = async (chat: ChatRef, state: ChatState): Promise<void> => {
    if (!sessions) return await line(chat, lineOf(state));
    const title = recent.title(chat.chat, chat.thread ?? "");
    const initiator = recent.author(chat.chat, chat.thread ?? "");
    const about = { ...(title === null ? {} : { title }), ...(initiator === null ? {} : { initiator_user_id: initiator }) };
    const place = { channel_id: chat.chat, thread_ts: chat.thread };
    try {
      await api.aside("agents.sessions.setStatus", { ...place, status: words[state], ...about });
    } catch (error) {
      const word = refusal(error);
      const older = word !== null && olderWorkspace.has(word);
      if (!older && toFailure(error, true).code !== "platform.refused") throw error;
      if (older) {
        sessions = false;
        log.info({ reason: word }, "Slack knows no agent sessions here; showing a line instead");
      }
      // In some places there is no session to be had (a channel that is shared with another company).
      await line(chat, lineOf(state));
    }
  };
  const has = (state: ChatState): boolean =>
    !sessions || budget.take("agents.sessions.setStatus", state === "working" ? reserve : 0);
  const work = (chat: ChatRef, lane: Lane): Promise<void> => settle(parts, lane, has, (state) => tell(chat, state));
  return {
    async set(chat, state) {
      if (chat.thread === null) return;
      const key = keyOf(chat);
      if (lanes.size >= most) lanes.clear();
      const lane = lanes.get(key) ?? { wanted: state, told: null, working: null };
      lane.wanted = state;
      lanes.set(key, lane);
      lane.working ??= work(chat, lane).finally(() => {
        lane.working = null;
        if (lane.wanted === "idle") lanes.delete(key);
      });
      await lane.working;
    },
    async say(chat, notice) {
      if (chat.thread === null || performance.now() - (lines.get(keyOf(chat)) ?? -sayEveryMs) < sayEveryMs) return;
      await line(chat, notice).catch((error: unknown) => log.debug({ reason: reason(error) }, "Slack took no status line"));
    },
    async keep(chat) {
      const since = lines.get(keyOf(chat));
      if (since !== undefined && performance.now() - since > fadesMs) await line(chat, lineOf("working"));
    },
    async rename(chat, title) {
      if (chat.thread === null) return;
      recent.named(chat.chat, chat.thread, title);
      if (!sessions || !budget.take("agents.sessions.rename")) return;
      await api
        .aside("agents.sessions.rename", { channel_id: chat.chat, thread_ts: chat.thread, title: title.slice(0, titleChars) })
        .catch((error: unknown) => log.debug({ reason: reason(error) }, "Slack took no title"));
    },
  };
}

/** One request after another, so that the last state also arrives last; what has become old meanwhile is left out. */
async function settle(
  { budget, signal }: StatusParts,
  lane: Lane,
  hasRoom: (state: ChatState) => boolean,
  tell: (state: ChatState) => Promise<void>,
): Promise<void> {
  for (let tries = 0; lane.wanted !== lane.told && tries < mostTries && !signal.aborted;) {
    const state = lane.wanted;
    const free = hasRoom(state);
    // That it works may stay untold; that it does no longer may not, where Slack believes that it does.
    if (!free && (state === "working" || lane.told === null)) {
      lane.told ??= "idle";
      return;
    }
    if (!free) {
      await pause(budget.waitMs("agents.sessions.setStatus"), signal);
      continue;
    }
    tries += 1;
    lane.told = state;
    const failure = await tell(state).then(
      () => null,
      (error: unknown) => toFailure(error, true),
    );
    if (failure === null) continue;
    lane.told = "unsure";
    if (state === "working" || !failure.retryable) throw failure;
    await pause(failure.retryAfterMs ?? againMs, signal);
  }
}

const againMs = 2_000;
/** Slack takes 200. */
const titleChars = 200;
const olderWorkspace = new Set(["unknown_method", "feature_not_enabled", "not_allowed_token_type", "agent_view_not_enabled"]);

function keyOf({ chat, thread }: ChatRef): string {
  return `${chat}:${thread ?? ""}`;
}

function lineOf(state: ChatState): string {
  return state === "working" ? "is thinking…" : state === "waiting" ? "waits for an answer" : "";
}
