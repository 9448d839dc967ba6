import { posix } from "node:path";
import type { Action, Allowance, CommandClass, Finding, Policy, Verdict } from "../core/approval.ts";
import type { ChatKind, Person, Role } from "../core/chats.ts";
import type { TurnEvent } from "../core/events.ts";
import type { Language } from "../core/language.ts";
import { codeBlock, codeSpan, plainWords, unhidden, unhiddenLine } from "../core/markdown.ts";
import type { Model } from "../core/model.ts";
import type { LeaveChoice, Question } from "../core/question.ts";
import { redact } from "../core/redact.ts";
import type { Sandbox } from "../core/sandbox.ts";
import type { Deed, Tool } from "../core/tool.ts";
import { digestOf, policyStamp } from "../sandbox/policy/digest.ts";
import { judged as judgedBy } from "../sandbox/judging.ts";
import { smartJudge } from "../sandbox/policy/smart.ts";
import type { Db, Hold } from "../store/hold.ts";
import type { CallPlace } from "../store/journal.ts";
import { addGrants, grantsFor } from "../store/grants.ts";
import { findAsked } from "../store/questions.ts";
import { type Asking, askPerson, type Wording } from "./questions.ts";

/** The rules of approvals as they are at this moment. */
export interface ApprovalRules {
  readonly policy: Policy;
  readonly timeoutMs: number;
  readonly fourEyes: boolean;
  /** The weakest role that may approve. */
  readonly least: Exclude<Role, "guest">;
  readonly judgeMs: number;
  /** The sandbox's image, and the host where there is one. */
  readonly image: string;
  /** Names of variables that commands are given beside the usual ones. */
  readonly envNames: readonly string[];
}

/** What leave is asked with, bound to one turn. */
export interface Approving {
  readonly person: Person;
  readonly session: string;
  readonly chat: ChatKind;
  /** Whether somebody is there who could be asked. */
  readonly attended: boolean;
  /** The sandbox owner's key: what is allowed for good is allowed there. */
  readonly owner: string;
  /** Reads the configuration; `allowed` is what people have allowed here for longer than once. */
  rules(allowed: readonly Allowance[]): Promise<ApprovalRules>;
  /** The model of `auxiliary.approval`. */
  judge(): Promise<Model>;
}

export interface LeaveSetting {
  readonly db: Db;
  readonly hold: Hold;
  readonly asking: Asking;
  readonly approving: Approving;
  readonly context: { readonly signal: AbortSignal; sandbox(): Promise<Sandbox> };
  emit(event: TurnEvent): void;
}

/** Sees to it that a call may run: null when it may, else why not, for the model. Throws `Parked` while a person is asked. */
export async function leaveFor(setting: LeaveSetting, place: CallPlace, tool: Tool, args: unknown): Promise<string | null> {
  for (const judged of await judgedDeeds(setting, tool, args)) {
    const refusal = await leaveForOne(setting, place, judged);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Whether a call that can't wait for a person may run: null, or why not. What would have to be asked for is refused. */
export async function refusalOf(setting: LeaveSetting, tool: Tool, args: unknown): Promise<string | null> {
  for (const { verdict } of await judgedDeeds(setting, tool, args)) {
    if (verdict.type === "refuse") return `Not run. ${verdict.message}`;
    if (verdict.type !== "run") return `Not run: ${tool.name} needs a person's leave for this. Call it as a tool of its own.`;
  }
  return null;
}

interface Judged {
  readonly action: Action;
  readonly verdict: Verdict;
  readonly rules: ApprovalRules;
  readonly sandbox: Sandbox;
}

/** What each part of a call would do, and what the policy says of it as it is now. */
async function judgedDeeds({ approving, context, db }: LeaveSetting, tool: Tool, args: unknown): Promise<readonly Judged[]> {
  const deeds = tool.deeds?.(args) ?? [];
  if (deeds.length === 0) return [];
  const sandbox = await context.sandbox();
  const grants = await grantsFor(db, holder(approving), approving.session);
  const rules = await approving.rules(grants.map(allowance));
  return await Promise.all(
    deeds.map(async (deed) => {
      const { action, verdict } = await judged(actionOf(approving, tool, deed, sandbox), rules.policy, sandbox, deed);
      return { action, verdict, rules, sandbox };
    }),
  );
}

/** A command is judged, shown and bound where it would run. Behind walls where nothing need be asked, the shell need not be asked either. */
async function judged(action: Action, policy: Policy, sandbox: Sandbox, { kind, workdir }: Deed) {
  const verdict = await judgedBy(action, policy);
  const walled = action.backend === "docker" || action.backend === "virtual";
  if (kind !== "run" || (walled && verdict.type === "run")) return { action, verdict };
  const exact = { ...action, workdir: await sandbox.directory(workdir) };
  return { action: exact, verdict: await judgedBy(exact, policy) };
}

async function leaveForOne(setting: LeaveSetting, place: CallPlace, judged: Judged): Promise<string | null> {
  const { action, verdict, rules } = judged;
  switch (verdict.type) {
    case "run":
      return null;
    case "refuse":
      return `Not run. ${verdict.message}`;
    case "ask":
      return await askLeave(setting, place, {
        ...judged,
        ...verdict,
        why: ({ asking }) => asking.found(does(verdict.findings, asking)),
      });
    case "smart": {
      const { approving, context, db } = setting;
      const wanted = { ...judged, findings: verdict.findings, lasting: true };
      // Where a person has been asked, the person's word counts, whatever the model would say by now.
      if ((await findAsked(db, place, digestOf(action, bound(rules)))) !== null) {
        return await askLeave(setting, place, { ...wanted, why: () => "" });
      }
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(rules.judgeMs)]);
      const opinion = await smartJudge(await approving.judge(), action, verdict.findings, signal);
      // Stopped, or left to another worker, is not "too long".
      context.signal.throwIfAborted();
      if (opinion.type === "run") return null;
      if (opinion.type === "refuse") return `Not run: ${opinion.why}. Do it another way, or say that you can't.`;
      const { why, doubt } = opinion;
      return await askLeave(setting, place, {
        ...wanted,
        why: ({ asking }) => asking.because(doubt === undefined ? why : asking.doubts[doubt]),
      });
    }
  }
}

/** What an answer is bound to beside the action itself. */
function bound({ image, envNames, policy }: ApprovalRules) {
  return { image, envNames, policy: policyStamp(policy) };
}

interface Wanted extends Omit<Judged, "verdict"> {
  readonly findings: readonly Finding[];
  why(language: Language): string;
  readonly lasting: boolean;
}

async function askLeave(setting: LeaveSetting, place: CallPlace, wanted: Wanted): Promise<string | null> {
  const { action, findings, rules } = wanted;
  if (unhidden(action.command).length + unhiddenLine(action.workdir).length > longestShown) return tooLong;
  const leave: readonly LeaveChoice[] = wanted.lasting ? ["once", "session", "always", "deny"] : ["once", "deny"];
  const worded: Wording = (language) => ({
    text: questionText(setting.approving.person, wanted, language),
    choices: leave.map((each) => language.asking.leave[each]),
  });
  const question: Question = {
    kind: "approval",
    ...worded(await setting.asking.language()),
    leave,
    digest: digestOf(action, bound(rules)),
    lifetimeMs: rules.timeoutMs,
    mayAnswer: { type: "role", least: rules.least, fourEyes: rules.fourEyes },
  };
  const reply = await askPerson(setting, place, question, worded);
  if (reply.type === "expired")
    return `Not run: nobody allowed it within ${duration(rules.timeoutMs)}. Do it another way, or say what is left.`;
  const choice = reply.choice === null ? "deny" : (leave[reply.choice] ?? "deny");
  if (choice === "deny")
    return `Not run: ${reply.by} said no. Don't try the same another way; ask what to do instead, or end here.`;
  if (choice === "session" || choice === "always") {
    const { approving, db } = setting;
    const classes = [...new Set(findings.map((finding) => finding.class))];
    const session = choice === "session" ? approving.session : null;
    await addGrants(
      db,
      holder(approving),
      session,
      classes.map((name) => ({ class: name, backend: action.backend })),
      reply.byId,
    );
  }
  return null;
}

/** Whoever allows something must be able to read it. */
const longestShown = 6_000;
const tooLong = `Not run: it needs a person's leave, and at more than ${longestShown} characters nobody could read it first. Write it to a file in parts and run that, or make it shorter.`;

function questionText(person: Person, wanted: Wanted, language: Language): string {
  const { action, findings, sandbox, rules } = wanted;
  const { asking } = language;
  const parts = [...new Set(findings.map(({ what: part }) => unhidden(redact(part)).replaceAll(/\s+/g, " ").slice(0, 80)))].slice(
    0,
    3,
  );
  const directory = codeSpan(unhiddenLine(action.workdir));
  const written = action.kind === "run" ? action.language.replace("shell", "sh") : "";
  return [
    asking.mayI(action.kind, plainWords(person.name), sandbox.backend, directory),
    codeBlock(unhidden(redact(action.command)), written),
    `${wanted.why(language)}${parts.length === 0 || parts[0] === action.command ? "" : ` (${parts.map(codeSpan).join(", ")})`}`,
    asking.goodFor(rules.timeoutMs),
  ].join("\n\n");
}

/** What the findings say of it, the first few. */
function does(findings: readonly Finding[], asking: Language["asking"]): readonly string[] {
  return [...new Set(findings.map((each) => asking.does[each.class]))].slice(0, 4);
}

function duration(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} seconds` : `${Math.round(ms / 60_000)} minutes`;
}

/** What is allowed is allowed to whoever asked: in a shared chat to nobody else. */
function holder({ owner, person }: Approving) {
  return { owner, person: person.id };
}

function actionOf({ person, session, chat, attended }: Approving, tool: Tool, deed: Deed, sandbox: Sandbox): Action {
  const { kind, command, language } = deed;
  const { backend, workspace } = sandbox;
  const workdir = posix.resolve(workspace, deed.workdir);
  return {
    tool: tool.name,
    command,
    language,
    workdir,
    workspace,
    backend,
    kind,
    person: person.id,
    role: person.role,
    session,
    chat,
    attended,
  };
}

function allowance({ class: name, backend }: { readonly class: string; readonly backend: string }): Allowance {
  // Boundary: only what `askLeave` stored comes back.
  return { class: name as CommandClass, person: null, session: null, backend: backend as Action["backend"] };
}
