import type { ChatState } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { reason, refusal, tokenWords } from "./errors.ts";
import type { Recent } from "./recent.ts";

/** What the agent does in a thread, as Slack shows it: with a Stop button while it works. */
export interface Status {
  set(chat: ChatRef, state: ChatState): Promise<void>;
  /** Shows what the agent waits for. */
  say(chat: ChatRef, notice: string): Promise<void>;
  /** Shows it again where it fades by itself. */
  keep(chat: ChatRef): Promise<void>;
}

export interface StatusParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  readonly recent: Recent;
  readonly log: Log;
}

const words = { working: "processing", waiting: "suspended", idle: "active" } as const;
/** A line of the older kind fades after two minutes. */
const fadesMs = 100_000;
/** Of 50 a minute, these are for the end of the work. */
const reserve = 20;
const sayEveryMs = 5_000;
const most = 1_000;

export function createStatus(parts: StatusParts): Status {
  /** When a line was last set, where the workspace knows no agent sessions. */
  const lines = new Map<string, number>();
  let sessions = true;
  const line = async (chat: ChatRef, status: string): Promise<void> => {
    const key = `${chat.chat}:${chat.thread ?? ""}`;
    if (status === "") lines.delete(key);
    else lines.set(key, performance.now());
    if (lines.size > most) lines.clear();
    if (parts.budget.take("assistant.threads.setStatus", status === "" ? 0 : reserve))
      await parts.api.aside("assistant.threads.setStatus", { channel_id: chat.chat, thread_ts: chat.thread, status });
  };
  return {
    async set(chat, state) {
      if (chat.thread === null) return;
      if (!sessions) return await line(chat, lineOf(state));
      if (!parts.budget.take("agents.sessions.setStatus", state === "working" ? reserve : 0)) return;
      const title = parts.recent.title(chat.chat, chat.thread);
      const initiator = parts.recent.author(chat.chat, chat.thread);
      const about = { ...(title === null ? {} : { title }), ...(initiator === null ? {} : { initiator_user_id: initiator }) };
      try {
        await parts.api.aside("agents.sessions.setStatus", {
          channel_id: chat.chat,
          thread_ts: chat.thread,
          status: words[state],
          ...about,
        });
      } catch (error) {
        const word = refusal(error);
        const older = word !== null && olderWorkspace.has(word);
        if (word === null || word === "ratelimited" || (tokenWords.has(word) && !older)) throw error;
        if (older) {
          sessions = false;
          parts.log.info({ reason: word }, "Slack knows no agent sessions here; showing a line instead");
        }
        // In some places there is no session to be had (a channel that is shared with another company).
        await line(chat, lineOf(state));
      }
    },
    async say(chat, notice) {
      const key = `${chat.chat}:${chat.thread ?? ""}`;
      if (chat.thread === null || performance.now() - (lines.get(key) ?? -sayEveryMs) < sayEveryMs) return;
      await line(chat, notice).catch((error: unknown) => parts.log.debug({ reason: reason(error) }, "Slack took no status line"));
    },
    async keep(chat) {
      const since = lines.get(`${chat.chat}:${chat.thread ?? ""}`);
      if (since !== undefined && performance.now() - since > fadesMs) await line(chat, lineOf("working"));
    },
  };
}

const olderWorkspace = new Set(["unknown_method", "feature_not_enabled", "not_allowed_token_type", "agent_view_not_enabled"]);

function lineOf(state: ChatState): string {
  return state === "working" ? "is thinking…" : state === "waiting" ? "waits for an answer" : "";
}
