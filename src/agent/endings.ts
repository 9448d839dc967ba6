import { inEach } from "../commands/languages/index.ts";
import type { Failure } from "../core/failures.ts";
import type { SentFile } from "../core/files.ts";
import type { ModelMessage, ToolCall } from "../core/model.ts";
import { type Outbound, storedFailure } from "../core/outbound.ts";
import { type JournalEntry, journalCallEnd, readJournal } from "../store/journal.ts";
import { closeQuestions } from "../store/questions.ts";
import { closeTurn } from "../store/turns.ts";
import type { Next, TurnSetting } from "./turn-setting.ts";

/** The calls of the turn's last assistant message that have no result yet; null when there are none. */
export function openCalls(
  journal: readonly JournalEntry[],
  turn: string,
): { calls: readonly ToolCall[]; answered: ReadonlySet<number> } | null {
  const own = journal.filter((entry) => entry.turn === turn).map((entry) => entry.message);
  const at = own.findLastIndex((message) => message.role === "assistant" && message.calls.length > 0);
  const message = own[at];
  if (message?.role !== "assistant") return null;
  const answered = new Set<number>();
  for (const result of own.slice(at + 1)) {
    if (result.role !== "tool") continue;
    const position = message.calls.findIndex((call, index) => call.id === result.call && !answered.has(index));
    if (position >= 0) answered.add(position);
  }
  return answered.size < message.calls.length ? { calls: message.calls, answered } : null;
}

/** The signal has fired: say what there is and end (a stop), or let go without a word (another worker goes on). */
export async function leave(setting: TurnSetting, partial: string, calls: readonly ToolCall[], step: number): Promise<Next> {
  if (setting.signal.reason !== "stop") return { type: "end", end: "handed_over" };
  if (calls.length > 0)
    await answerOpenCalls(setting, step, "The person stopped this before it ended; it may have happened in part.");
  await setting.asking.wake(
    await closeQuestions(
      setting.db,
      setting.hold,
      setting.turn.id,
      inEach(({ asking }) => asking.stopped),
    ),
  );
  const said = partial.trim() === "" ? "[Stopped by the person before an answer.]" : `${partial}\n[Stopped by the person here.]`;
  const message: ModelMessage = { role: "assistant", content: said, reasoning: "", calls: [] };
  await close(setting, "stopped", message, null, { markdown: partial, ending: { type: "stopped" } });
  return { type: "end", end: "stopped" };
}

/** Every call gets a result, also those cut off: an orphaned call would spoil all later prompts. */
async function answerOpenCalls(setting: TurnSetting, step: number, content: string): Promise<void> {
  const journal = await readJournal(setting.db, setting.viewer, setting.info.session);
  const open = openCalls(journal, setting.turn.id);
  for (const [position, call] of (open?.calls ?? []).entries()) {
    if (open?.answered.has(position)) continue;
    const place = { turn: setting.turn.id, step, position };
    await journalCallEnd(setting.db, setting.hold, place, "unknown", { role: "tool", call: call.id, name: call.name, content });
  }
}

export async function fail(setting: TurnSetting, partial: string, failure: Failure): Promise<"failed"> {
  await answerOpenCalls(setting, setting.turn.step, "This was given up before it ended; it may have happened in part.");
  const content = partial.trim() === "" ? `[No answer: ${failure.message}]` : `${partial}\n[Broken off here: ${failure.message}]`;
  const body = { markdown: partial, ending: { type: "failed", failure: storedFailure(failure) } } as const;
  await close(setting, "failed", { role: "assistant", content, reasoning: "", calls: [] }, failure.message, body);
  return "failed";
}

export async function close(
  setting: TurnSetting,
  status: "answered" | "stopped" | "failed",
  message: ModelMessage,
  failure: string | null,
  body: Pick<Outbound, "markdown" | "ending" | "footer">,
  files: readonly SentFile[] = [],
): Promise<void> {
  const { db, hold, turn, asking } = setting;
  // Of most answers nothing is ours, and their way out is not made longer.
  const ours = body.ending !== undefined || files.length > 0 || body.markdown.trim() === "";
  const language = ours ? { language: (await asking.language()).code } : {};
  const answer: Outbound = { ...body, replyTo: turn.request.messageId, ...language };
  const owed = files.map((file) => ({ markdown: "", replyTo: null, file, ...language }));
  await closeTurn(db, hold, turn, { status, message, failure, answer, files: owed });
}
