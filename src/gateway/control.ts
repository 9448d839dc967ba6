import { languageOfPerson } from "../commands/languages/chosen.ts";
import { languages } from "../commands/languages/index.ts";
import type { Role } from "../core/chats.ts";
import type { MemoryRules } from "../core/memory.ts";
import type { Notice } from "./access.ts";
import { cronControl } from "./control/cron.ts";
import { type DoctorParts, doctorControl } from "./control/doctor.ts";
import { memoryControl } from "./control/memory.ts";
import { pairingList, pairingRevoke, peopleControl } from "./control/people.ts";
import { sessionsControl } from "./control/sessions.ts";
import { skillsControl } from "./control/skills.ts";
import { type ServiceAbout, statusControl } from "./control/status.ts";
import type { DeskParts } from "../schedules/desk.ts";
import type { SkillDesk } from "./skills/call.ts";
import { noOwnerYet, welcome } from "./access.ts";
import { insightsReply } from "./insights.ts";
import { type AlarmLimits, usualLimits } from "../insights/alarms.ts";
import { grantLines } from "../commands/grants.ts";
import { invite } from "../people/invitations.ts";
import { approvePairing } from "../people/pairing.ts";
import { listGrants, revokeGrants } from "../store/grants.ts";
import type { Db } from "../store/hold.ts";
import { openInvitations } from "../store/invitations.ts";
import { ownersBeyond } from "../store/people.ts";

/** What the control commands need; they run in the service that holds the state, or in the command itself when none runs. */
export interface ControlParts extends DoctorParts {
  readonly db: Db;
  /** Platforms that are this machine's own: their owner can't be reached in a chat. */
  readonly localPlatforms: readonly string[];
  readonly skills: SkillDesk;
  readonly schedules: DeskParts;
  readonly memory: MemoryRules;
  /** The language of those who have picked none and whose client tells none. */
  readonly language: string;
  /** From where figures are something to look at; as usual where it is not told. */
  readonly limits?: AlarmLimits;
  /** Puts a notice into the outbox. */
  tell(key: string, notice: Notice): Promise<void>;
  /** What the running service says of itself; null when none runs. */
  service(): Promise<ServiceAbout | null>;
}

/** A control command's answer: text to print, and whether it did what was asked. */
export interface ControlReply {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs one control command, e.g. `pairing.approve` with its arguments. */
export async function control(parts: ControlParts, command: string, args: readonly string[]): Promise<ControlReply> {
  switch (command) {
    case "pairing.list":
      return await pairingList(parts.db);
    case "pairing.approve":
      return await approve(parts, args[0] ?? "", args[1] ?? null);
    case "pairing.revoke":
      return await pairingRevoke(parts.db, args[0] ?? "");
    case "pairing.invite":
      return { ok: true, text: await inviteOwner(parts, args[0] === "first") };
    case "pairing.owned":
      return { ok: true, text: await owned(parts, args[0] ?? "") };
    case "people":
      return await peopleControl(parts.db, args);
    case "sessions":
      return await sessionsControl(parts.db, args);
    case "approvals.list":
      return await allowed(parts.db);
    case "approvals.revoke":
      return await takeBack(parts.db, args[0] ?? "");
    case "insights":
      return await insights(parts, args);
    case "cron":
      return await cronControl(parts.schedules, args);
    case "skills":
      return await skillsControl(parts.skills, args);
    case "memory":
      return await memoryControl(parts, args);
    case "status":
      return await statusControl(parts.db, await parts.service(), args);
    case "doctor":
      return await doctorControl(parts, args);
    default:
      return { ok: false, text: `The running service does not know "${command}". Restart it if it is older than this command.` };
  }
}

async function insights({ db, limits = usualLimits }: ControlParts, args: readonly string[]): Promise<ControlReply> {
  const [days = "", platform = "", form] = args;
  const wish = { days, platform: platform === "" ? null : platform, limits };
  const { ok, text } = await insightsReply(db, wish, form === "json" ? "json" : "text");
  return { ok, text };
}

async function approve(parts: ControlParts, code: string, wanted: string | null): Promise<ControlReply> {
  const role = wanted === null ? await usualRole(parts) : roles.find((each) => each === wanted);
  if (!role) return { ok: false, text: `"${wanted}" is not a role. Use one of: ${roles.join(", ")}` };
  const approved = await approvePairing(parts.db, code, role);
  if (!approved) return { ok: false, text: `There is no open request with the code "${code}". See: hermes pairing list` };
  await parts.tell(
    `pairing:${approved.pairing.code}`,
    welcome(approved.pairing, await languageOfPerson(parts.db, approved.person.id, parts.language)),
  );
  return { ok: true, text: `${approved.person.name} is in, as ${approved.person.role}.` };
}

const roles: readonly Role[] = ["owner", "admin", "member"];

/** A code for an owner; empty where only the first is wanted and there is one. */
async function inviteOwner({ db, localPlatforms }: ControlParts, first: boolean): Promise<string> {
  return first && !(await noOwnerYet(db, localPlatforms)) ? "" : await invite(db, "owner", first);
}

/** The first owner that can be reached in a chat, as JSON: null, or `over` where this code lets nobody in any more. */
async function owned({ db, localPlatforms }: ControlParts, code: string): Promise<string> {
  const [owner] = await ownersBeyond(db, localPlatforms);
  if (owner !== undefined) return JSON.stringify(owner);
  return JSON.stringify((await openInvitations(db)).some((each) => each.code === code) ? null : "over");
}

async function usualRole(parts: ControlParts): Promise<Role> {
  return (await noOwnerYet(parts.db, parts.localPlatforms)) ? "owner" : "member";
}

const everywhere = { person: null, chat: null };

async function allowed(db: Db): Promise<ControlReply> {
  const lines = grantLines(await listGrants(db, everywhere), null, languages[0]);
  if (lines.length === 0) return { ok: true, text: "Nothing is allowed for longer than once." };
  return { ok: true, text: [...lines, "", "Take one back with: hermes approvals revoke NUMBER"].join("\n") };
}

async function takeBack(db: Db, which: string): Promise<ControlReply> {
  if (which !== "all" && !/^\d{1,9}$/.test(which))
    return { ok: false, text: `"${which}" is neither a number nor "all". ${seeAllowed}` };
  const count = await revokeGrants(db, everywhere, which === "all" ? null : Number(which));
  if (count === 0 && which !== "all") return { ok: false, text: `There is no number ${which}. ${seeAllowed}` };
  return { ok: true, text: count === 1 ? "Taken back. It is asked for again from now on." : `${count} are taken back.` };
}

const seeAllowed = "See: hermes approvals list";
