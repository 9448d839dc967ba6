import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inbound } from "../../src/core/inbound.ts";
import { decideAccess } from "../../src/gateway/access.ts";
import { invite } from "../../src/people/invitations.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit, listPeople, personOf } from "../../src/store/people.ts";
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

test("an invitation's code is good once, in a private chat alone, and raises whoever is in already", async () => {
  await using place = await readyForms.embedded();
  const { db } = await place.open();
  await migrate(db, migrations);
  const rules = { open: false, pairing: true, localPlatforms: [], allowed: new Set<string>() };
  const shows = async (text: string, kind: "private" | "shared", id: string) => {
    const sender = { ...said.sender, id, name: id };
    const inbound = { ...message, kind, text, sender, addressed: true };
    const decision = await decideAccess(db, rules, inbound, await personOf(db, sender));
    return decision.type === "out" ? (decision.notices[0]?.markdown ?? "") : "in";
  };
  const first = await invite(db, "owner");
  const code = await invite(db, "owner");
  assert.match(await shows(first, "private", "Late"), /I don't know you yet/, "a newer code replaces it");
  assert.match(await shows(code, "shared", "Ann"), /private chat first/);
  assert.match(await shows(`${code}?`, "private", "Ann"), /I don't know you yet/);
  assert.match(await shows(`/start ${code.toLowerCase()}`, "private", "Ann"), /Hello Ann, you own this bot now/);
  assert.match(await shows(code, "private", "Bob"), /I don't know you yet/, "it is used up");
  assert.equal(await shows(code, "private", "Ann"), "in", "from an owner it is a message like any other");
  await admit(db, { ...said.sender, id: "Cleo", name: "Cleo" }, "member");
  assert.match(await shows(await invite(db, "owner"), "private", "Cleo"), /Hello Cleo, you own this bot now/);
  const owners = (await listPeople(db)).filter(({ role }) => role === "owner");
  assert.deepEqual(owners.map(({ name }) => name).toSorted(), ["Ann", "Cleo"]);
});
