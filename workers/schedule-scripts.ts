import type { Action } from "../src/core/approval.ts";
import type { Sandbox } from "../src/core/sandbox.ts";
import { judged } from "../src/sandbox/judging.ts";
import { findConversation } from "../src/store/schedule-targets.ts";
import type { Schedule } from "../src/store/schedules.ts";
import type { RunEnd, ScheduleParts } from "./schedule-ends.ts";

/** What a script printed, or how the run ended with it. */
export type Printed = { readonly type: "printed"; readonly text: string } | (RunEnd & { readonly type: "failed" });

/** Most of what a script prints that is told. */
const toldChars = 20_000;

/**
 * Runs a schedule's script in the sandbox of the chat it was made in: its owner's, or the shared chat's. Nobody is there to be asked, so
 * what needs leave does not run. Only what it prints on stdout counts, unless it fails. `mayBegin` is asked at the last moment: once it has
 * said yes, the script may have had effects; null where it says no.
 */
export async function runScript(
  parts: ScheduleParts,
  schedule: Schedule,
  run: string,
  script: string,
  { signal, mayBegin }: { readonly signal: AbortSignal; mayBegin(): Promise<boolean> },
): Promise<Printed | null> {
  const sandbox = await parts.sandboxes.open(await ownerOf(parts, schedule), `run-${run}`);
  const refusal = await refusedBy(parts, schedule, sandbox, script);
  if (refusal !== null) return failed(`the script was not run. ${refusal}`, null);
  const { scriptMs } = await parts.rules();
  const errors = `/tmp/hermes-run-${run}.err`;
  const command = `bash -c ${quoted(script)} 2>${errors}; code=$?; [ $code -eq 0 ] || tail -c 4000 ${errors}; rm -f ${errors}; exit $code`;
  if (!(await mayBegin())) return null;
  const result = await sandbox.run(command, { timeoutMs: scriptMs, own: true, signal });
  signal.throwIfAborted();
  const text = result.output.length > toldChars ? `${result.output.slice(0, toldChars).toWellFormed()}\n[cut]` : result.output;
  if (result.end === "timed_out") return failed(`the script ran longer than ${Math.round(scriptMs / 60_000)} minutes`, text);
  if (result.exitCode !== 0) return failed(`the script ended with ${result.exitCode ?? "a signal"}`, text);
  return { type: "printed", text };
}

function failed(failure: string, output: string | null): Printed {
  return { type: "failed", code: "schedule.refused", failure, output };
}

async function ownerOf({ db }: ScheduleParts, { person, origin, originKind }: Schedule) {
  const conversation = originKind === "shared" && origin !== null ? await findConversation(db, origin) : null;
  return { key: conversation === null ? `person-${person.id}` : `chat-${conversation}`, label: "schedule" };
}

async function refusedBy(parts: ScheduleParts, schedule: Schedule, sandbox: Sandbox, script: string): Promise<string | null> {
  const { policy } = await parts.policy();
  const action: Action = {
    tool: "terminal",
    command: script,
    language: "shell",
    workdir: sandbox.workspace,
    workspace: sandbox.workspace,
    backend: sandbox.backend,
    kind: "run",
    person: schedule.person.id,
    role: schedule.person.role,
    session: "",
    chat: schedule.originKind,
    attended: false,
  };
  const verdict = await judged(action, policy);
  return verdict.type === "run" ? null : verdict.type === "refuse" ? verdict.message : "It needs a person's approval.";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
