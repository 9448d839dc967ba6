import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Inbound } from "../../src/core/inbound.ts";
import { languageOf } from "../../src/commands/languages/index.ts";
import { approve, decideAccess, type Notice } from "../../src/gateway/access.ts";
import { invite } from "../../src/people/invitations.ts";
import { assignInbound, storeInbound } from "../../src/store/inbox.ts";
import { openInvitations } from "../../src/store/invitations.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit, listPeople, personOf } from "../../src/store/people.ts";
import { choosePersonSetting } from "../../src/store/person-settings.ts";
import { openSession } from "../../src/store/sessions.ts";
import { readyForms } from "./database-forms.ts";

const said = {
  chat: { platform: "slack", chat: "C1", thread: "1.1" },
  kind: "shared",
  sender: { platform: "slack", id: "U7", name: "Ann" },
  at: 0,
} as const;
const message = { ...said, type: "message", key: "1", text: "hi", messageId: "1.1" } as const;
const inbounds: Readonly<Record<string, Inbound>> = {
  call: { ...message, addressed: true },
  aside: { ...message, addressed: false, continues: true },
  change: { ...said, type: "change", key: "2", messageId: "1.1", text: "hey" },
};

test("a guest is told so only when they call it; a change lets nobody in, even where all may come", async () => {
  await using place = await readyForms.embedded();
  const { db } = await place.open();
  await migrate(db, migrations);
  const rules = { open: true, pairing: true, localPlatforms: [], allowed: new Set<string>() };
  const change = inbounds["change"] ?? assert.fail();
  assert.deepEqual(await decideAccess(db, rules, change, null), { type: "out", notices: [] });
  assert.deepEqual(await listPeople(db), []);
  const guest = await admit(db, said.sender, "guest");
  const notices = async (inbound: Inbound) => {
    const decision = await decideAccess(db, rules, inbound, guest);
    return decision.type === "out" ? decision.notices.length : assert.fail("a guest was let in");
  };
  const told = await Promise.all(Object.entries(inbounds).map(async ([name, inbound]) => [name, await notices(inbound)]));
  assert.deepEqual(told, [
    ["call", 1],
    ["aside", 0],
    ["change", 0],
  ]);
});

/** What is said to the one who is told at this place. */
const firstWords = (notices: readonly Notice[], at = 0): string => notices[at]?.markdown ?? "";

test("a stranger and the owner are each told in their own language, and so is the outcome", async () => {
  await using place = await readyForms.embedded();
  const { db } = await place.open();
  await migrate(db, migrations);
  const rules = { open: false, pairing: true, localPlatforms: [], allowed: new Set<string>(), language: "en" };
  const own = { ...message, kind: "private", addressed: true } as const;
  const boss = await admit(db, { ...said.sender, id: "Boss", name: "Boss" }, "owner");
  const bosses = { platform: "slack", chat: "Boss", thread: null };
  const { session } = await openSession(db, bosses, "private");
  const spoke = (await storeInbound(db, { ...own, key: "boss", chat: bosses }, false)) ?? assert.fail();
  assert.ok(await assignInbound(db, spoke.id, session, boss.id));
  await choosePersonSetting(db, boss.id, "language", "zh");
  const asks = async (id: string, language: string) => {
    const inbound = { ...own, key: id, chat: { ...bosses, chat: id }, sender: { ...said.sender, id, name: id, language } };
    await storeInbound(db, inbound, false);
    const decision = await decideAccess(db, rules, inbound, null);
    return decision.type === "out" ? decision.notices : assert.fail("a stranger was let in");
  };
  const told = await asks("Lin", "zh-hans");
  const code = /`([0-9A-Z]{8})`/.exec(firstWords(told))?.[1] ?? "";
  assert.match(firstWords(told), /^我还不认识你。你的配对码是/);
  assert.match(firstWords(told, 1), /^Lin（slack 账号 Lin）想和我对话/);
  assert.deepEqual(
    told[1]?.buttons?.map(({ label, data }) => [label, data]),
    [
      ["允许加入", `pair:yes:${code}`],
      ["忽略", `pair:no:${code}`],
    ],
  );
  const by = { own: languageOf("zh") ?? assert.fail(), usual: "en" };
  const done = await approve(db, boss, code, bosses, by);
  assert.match(firstWords(done), /Lin 已加入/);
  assert.match(firstWords(done, 1), /^你已加入/);
  assert.match(firstWords(await asks("Ann", "de")), /^I don't know you yet/, "a language that does not ship");
});

test("an invitation's code is good once, in a private chat alone, and raises whoever is in already", async () => {
  await using place = await readyForms.embedded();
  const { db } = await place.open();
  await migrate(db, migrations);
  const rules = { open: false, pairing: true, localPlatforms: ["web"], allowed: new Set<string>() };
  const told = async (text: string, kind: "private" | "shared", id: string, platform = "slack") => {
    const [sender, chat] = [
      { platform, id, name: id },
      { ...said.chat, platform, chat: kind === "shared" ? "C1" : id },
    ];
    const inbound = { ...message, kind, text, sender, chat, addressed: true };
    const decision = await decideAccess(db, rules, inbound, await personOf(db, sender));
    return decision.type === "out" ? decision.notices : [];
  };
  const shows = async (...args: Parameters<typeof told>) => (await told(...args))[0]?.markdown ?? "in";
  const first = await invite(db, "owner");
  const spoiled = await invite(db, "owner");
  assert.match(await shows(first, "private", "Late"), /I don't know you yet/, "a newer code replaces it");
  assert.match(await shows(spoiled, "shared", "Ann"), /Everybody here has seen that code/);
  assert.match(await shows(spoiled, "shared", "Ann"), /Everybody here has seen that code/, "the event may come again");
  assert.match(await shows(spoiled, "private", "Reader"), /I don't know you yet/);
  const old = await invite(db, "owner");
  await sql`update invitations set expires_at = now()`.execute(db);
  assert.match(await shows(old, "private", "Ann"), /I don't know you yet/);
  const code = await invite(db, "owner", true);
  assert.match(await shows(`${code}?`, "private", "Ann"), /I don't know you yet/);
  assert.match(await shows(code, "private", "Here", "web"), /in Telegram, Discord or Slack/, "it is not used up on this machine");
  assert.match(await shows(`/start ${code.toLowerCase()}`, "private", "Ann"), /Hello Ann, you own this bot now/);
  assert.match(await shows(code, "private", "Bob"), /I don't know you yet/, "it is used up");
  assert.match(await shows(code, "private", "Ann"), /Hello Ann, you own/, "the event may come again");
  await admit(db, { ...said.sender, id: "Cleo", name: "Cleo" }, "member");
  assert.match(await shows(await invite(db, "owner", true), "private", "Cleo"), /it has one by now/, "only for the first");
  const ann = await personOf(db, { platform: "slack", id: "Ann" });
  const { session } = await openSession(db, { platform: "slack", chat: "Ann", thread: null }, "private");
  const { id } = (await storeInbound(db, { ...message, addressed: true }, false)) ?? assert.fail();
  assert.ok(await assignInbound(db, id, session, ann?.id ?? ""));
  const seen = await invite(db, "owner");
  await choosePersonSetting(db, ann?.id ?? "", "language", "zh");
  assert.match(await shows(seen, "shared", "Ann"), /这里的所有人都看到了/, "in the language that they have picked");
  await choosePersonSetting(db, ann?.id ?? "", "language", null);
  const raising = await invite(db, "owner");
  const both = await Promise.all(["Cleo", "Dan"].map((name) => told(raising, "private", name)));
  const [lucky, ...others] = both.filter(([notice]) => /you own this bot now/.test(notice?.markdown ?? ""));
  assert.equal(others.length, 0, "of two at once, one is let in");
  assert.match(lucky?.[1]?.markdown ?? "", /^(Cleo|Dan) \(slack account \1\) owns this bot, too, by an invitation\.$/);
  assert.deepEqual(
    lucky?.slice(1).map(({ chat }) => chat.chat),
    ["Ann"],
  );
  assert.equal((await listPeople(db)).filter(({ role }) => role === "owner").length, 2);
  await sql`update people set role = 'guest' where name <> 'Ann'`.execute(db);
  const back = lucky?.[1]?.markdown.split(" ")[0] ?? "";
  assert.match(await shows(raising, "private", back), /not let in/, "nobody comes back by the code they came with");
  const [older, newer] = await Promise.all([invite(db, "owner"), invite(db, "owner")]);
  assert.equal((await openInvitations(db)).filter(({ code: each }) => [older, newer].includes(each)).length, 1);
});
