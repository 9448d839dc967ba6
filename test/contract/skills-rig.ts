import type { Person } from "../../src/core/chats.ts";
import type { SkillChange, SkillReply } from "../../src/core/skill.ts";
import { changeSkill } from "../../src/agent/skill-changes.ts";
import type { SkillWork } from "../../src/agent/skill-asker.ts";
import { skillViewer } from "../../src/agent/skills.ts";
import { runSkills } from "../../src/gateway/skills/desk.ts";
import type { SkillDesk, Visitor } from "../../src/gateway/skills/call.ts";
import { skillReach } from "../../src/main/skills.ts";
import { assignInbound, storeInbound } from "../../src/store/inbox.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit } from "../../src/store/people.ts";
import { openSession } from "../../src/store/sessions.ts";
import { openProposals } from "../../src/store/skill-proposals.ts";
import { listSkills } from "../../src/store/skills.ts";
import { skillSites } from "../doubles/skill-sites.ts";
import type { readyForms } from "./database-forms.ts";
import { inspected } from "../../src/sandbox/judging.ts";

/** Where they talk. */
export const chats = {
  ann: { platform: "telegram", chat: "1", thread: null },
  bob: { platform: "telegram", chat: "2", thread: null },
  eve: { platform: "telegram", chat: "3", thread: null },
  group: { platform: "telegram", chat: "-100", thread: null },
} as const;
const shipped = new URL("../../skills", import.meta.url).pathname;
/** What the sessions have. */
export const has = {
  tools: new Set(["skill_view", "skill_manage", "terminal"]),
  toolsets: new Set(["skills", "terminal", "web"]),
};

type Prepare = (typeof readyForms)[keyof typeof readyForms];

/** A record with three people, the places that skills come from, and what people and the agent do there. */
export async function openSkillRig(prepare: Prepare) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await prepare());
  const site = stack.use(await skillSites());
  const { db } = await place.open();
  await migrate(db, migrations);
  const person = async (id: "ann" | "bob" | "eve", role: "owner" | "member") => {
    const account = { platform: "telegram", id, name: id };
    const made = await admit(db, account, role);
    // Where they can be told something: they have written to the agent in private.
    const base = { key: `k-${id}`, chat: chats[id], kind: "private", sender: account, at: 0 } as const;
    const stored = await storeInbound(db, { ...base, type: "message", text: "hi", messageId: null, addressed: true });
    const { session } = await openSession(db, chats[id], "private");
    await assignInbound(db, stored?.id ?? 0, session, made.id);
    return { ...made, session, chat: chats[id] };
  };
  const [ann, bob, eve] = [await person("ann", "owner"), await person("bob", "member"), await person("eve", "member")];
  const { session: group } = await openSession(db, chats.group, "shared");
  const places = { shipped, githubUrl: `${site.url}/github`, githubToken: "hush", hubUrl: `${site.url}/hub` };
  const rules = async () => ({ approvers: "admin" as const, places, reach: skillReach(["127.0.0.1"]) });
  const desk: SkillDesk = { db, rules, wake: async () => undefined };
  const work: SkillWork = {
    db,
    inspect: inspected,
    settings: async () => ({ approvers: "admin", variables: new Map([["GIVEN", "a-secret-value"]]) }),
    platform: async () => "linux",
    shipped: async () => ["k8s"],
    wake: async () => undefined,
  };
  type Somebody = typeof ann;
  const at = (who: Somebody, shared = false): Visitor => ({
    person: who,
    viewer: { person: shared ? null : who.id },
    chat: shared ? chats.group : who.chat,
    shared,
    replyTo: null,
  });
  const operator: Visitor = { person: null, viewer: { person: null }, chat: null, shared: false, replyTo: null };
  const says = (visitor: Visitor, args: string): Promise<SkillReply> => runSkills(desk, visitor, args);
  const names = async (person: Person | null) => (await listSkills(db, { person: person?.id ?? null })).map(({ name }) => name);
  const told = async (): Promise<Readonly<Record<string, string>>> => {
    const rows = await db.selectFrom("outbox").select(["chat_key", "body"]).orderBy("id").execute();
    return Object.fromEntries(rows.map(({ chat_key: key, body }) => [key, body.markdown + JSON.stringify(body.buttons ?? [])]));
  };
  const waiting = async () => (await openProposals(db, null)).map(({ id }) => id);
  const changes = (who: Somebody, shared: boolean, change: SkillChange) => {
    const asker = {
      session: shared ? group : who.session,
      person: who,
      chat: shared ? chats.group : who.chat,
      kind: shared ? ("shared" as const) : ("private" as const),
      replyTo: null,
      signal: new AbortController().signal,
      has,
    };
    return changeSkill(work, asker, skillViewer(asker.kind, who), change);
  };
  const clean = async () => {
    for (const table of ["skill_proposals", "skills", "skill_reads", "skill_imports"] as const)
      await db.deleteFrom(table).execute();
    await db.deleteFrom("outbox").execute();
    site.places.body = "Do it well.";
  };
  const opened = stack.move();
  const doing = { at, operator, says, names, told, waiting, changes, clean };
  return { db, site, ann, bob, eve, group, desk, work, ...doing, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
