import type { Log } from "../src/core/log.ts";
import { codeSpan } from "../src/core/markdown.ts";
import { redact } from "../src/core/redact.ts";
import type { ProcessInfo, Sandbox, SandboxBackend, SandboxOwner } from "../src/core/sandbox.ts";
import type { WatchPorts } from "../src/core/tool.ts";
import type { Db } from "../src/store/hold.ts";
import {
  addWatched,
  type AfterNotice,
  claimWatched,
  dropWatched,
  keepLook,
  tellSession,
  type Watched,
} from "../src/store/processes.ts";
import { plainText } from "../src/tools/plain-text.ts";

interface WatchParts {
  readonly db: Db;
  /** Puts a session on the queue. */
  wake(session: string): Promise<void>;
  readonly sandboxes: Pick<SandboxBackend, "open">;
  /** A text without the values that skills may be given. */
  conceal(text: string): Promise<string>;
  readonly log: Log;
}

/** A worker that has not looked for so long is taken for dead, and another looks. */
const claimMs = 12_000;
/** The original's: at most one notice of matches in this time, and after so many overflowing ones only the end is told. */
const windowMs = 15_000;
const mostOverflows = 3;
/** Looked through at once, and told at once. */
const lookBytes = 256 * 1024;
const tellChars = 2_000;

/** How a turn's calls have its session told of background processes. */
export function watchingFor(
  db: Db,
  { owner, session, turn }: { readonly owner: SandboxOwner; readonly session: string; readonly turn: string },
): WatchPorts {
  return {
    watch: ({ backend, id, command }, patterns) =>
      addWatched(db, { owner: owner.key, label: owner.label, id, backend, command, patterns }, { session, turn }),
    seen: (id) => dropWatched(db, { owner: owner.key, id }),
  };
}

/** Looks once at the background processes that somebody wants to be told of, and tells. Where there are none, that is one small query. */
export async function watchProcesses(parts: WatchParts, holder: string): Promise<void> {
  for (const watched of await claimWatched(parts.db, holder, claimMs, windowMs)) {
    try {
      await look(parts, watched);
    } catch (error) {
      parts.log.warn({ process: watched.id, error }, "a background process could not be looked at; it is tried again");
    }
  }
}

async function look(parts: WatchParts, watched: Watched): Promise<void> {
  const sandbox = await parts.sandboxes.open({ key: watched.owner, label: watched.label }, "watch");
  if (sandbox.backend !== watched.backend) {
    return await tell(parts, watched, "can't be looked after any more: commands run elsewhere now", "", null);
  }
  const info = (await sandbox.processes()).find((each) => each.id === watched.id);
  if (info === undefined) return await tell(parts, watched, "is gone: its sandbox was started anew", "", null);
  const matched = watched.patterns.length === 0 ? watched : await matches(parts.db, sandbox, watched, info);
  if (info.state !== "running") return await tellEnd(parts, sandbox, matched, info);
  if (matched.pending === "" || !matched.due) return;
  const overflows = matched.overflowing ? matched.overflows + 1 : 0;
  const tooMany = overflows >= mostOverflows;
  const note = tooMany
    ? "printed what you watch for, too often: from now on you are told only of its end"
    : "printed what you watch for";
  await tell(parts, matched, note, matched.pending, { patterns: tooMany ? [] : matched.patterns, overflows });
}

/** Looks through what is new for the watched texts. Of a process that has ended all of it: there is no later look. */
async function matches(db: Db, sandbox: Sandbox, watched: Watched, info: ProcessInfo): Promise<Watched> {
  let seen = watched;
  for (;;) {
    const looked = await lookOn(db, sandbox, seen, info);
    if (info.state === "running" || looked.lookedAt <= seen.lookedAt) return looked;
    seen = looked;
  }
}

/** One look, line by line; keeps what it finds. */
async function lookOn(db: Db, sandbox: Sandbox, watched: Watched, info: ProcessInfo): Promise<Watched> {
  const part = await sandbox.output(watched.id, watched.lookedAt, lookBytes);
  // The last line may not be whole yet; one that is longer than a look is looked at as it is.
  const whole = info.state === "running" && part.next === part.total ? part.text.lastIndexOf("\n") + 1 : part.text.length;
  const rest = whole === 0 && part.text.length > lookBytes / 2 ? "" : part.text.slice(whole);
  // How many bytes a character stands for that was none is not known: then the line is looked at as far as it goes.
  const later = rest.includes("\uFFFD") ? "" : rest;
  const text = part.text.slice(0, part.text.length - later.length);
  const at = part.next - Buffer.byteLength(later);
  const found = plainText(text)
    .split("\n")
    .filter((line) => watched.patterns.some((pattern) => line.includes(pattern)));
  if (at === watched.lookedAt && found.length === 0) return watched;
  const pending = [watched.pending, ...found].filter((line) => line !== "").join("\n");
  const overflowing = watched.overflowing || (!watched.due && found.length > 0);
  const kept = { ...watched, lookedAt: at, pending: tail(pending), overflowing };
  await keepLook(db, watched, { at, pending: kept.pending, overflowing });
  return kept;
}

async function tellEnd(parts: WatchParts, sandbox: Sandbox, watched: Watched, info: ProcessInfo): Promise<void> {
  // Whoever watches for a text and was told of it has what they wanted.
  if (watched.patterns.length > 0 && watched.pending === "" && watched.notices > 0) return await dropWatched(parts.db, watched);
  const { text } = await sandbox.output(watched.id, -tellChars, tellChars);
  const how = info.state === "exited" ? `ended with exit code ${info.exitCode ?? "unknown"}` : "was ended";
  const missed = watched.patterns.length > 0 && watched.pending === "" ? ", without printing what you watch for" : "";
  await tell(parts, watched, `${how}${missed}`, watched.pending === "" ? text : watched.pending, null);
}

async function tell(parts: WatchParts, watched: Watched, what: string, lines: string, after: AfterNotice): Promise<void> {
  const [command = ""] = watched.command.trim().split("\n");
  const said = plainText(lines).trim();
  const end = said === "" ? "" : ` ${after === null && watched.pending === "" ? "Last lines" : "Lines"}:\n${tail(said)}`;
  const text = `[Background process ${watched.id} (${codeSpan(command.slice(0, 100))}) ${what}.${end}]`;
  const session = await tellSession(parts.db, watched, redact(await parts.conceal(text)), after);
  if (session === null) return;
  await parts
    .wake(session)
    .catch((error: unknown) => parts.log.warn({ error }, "the queue can't be reached; the sweeper will wake the session"));
}

function tail(text: string): string {
  return text.length <= tellChars ? text : text.slice(-tellChars);
}
