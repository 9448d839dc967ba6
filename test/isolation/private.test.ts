import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshHome, startHermes } from "../flow/service.ts";

/** Saves what follows "keep:", writes it into a file, and otherwise shows what it can find in its workspace. */
function answer(seen: Seen) {
  const messages = seen.body.messages;
  const asked = String(messages.findLast((message) => message.role === "user")?.content ?? "");
  const results = messages.length - 1 - messages.findLastIndex((message) => message.role === "user");
  const secret = /keep: (\S+)/.exec(asked)?.[1];
  if (secret !== undefined && results === 0)
    return call("memory", { action: "add", target: "memory", content: secret, old_text: "" });
  if (secret !== undefined && results === 2) return call("terminal", { command: `echo ${secret} > note.txt` });
  if (secret === undefined && results === 0) return call("terminal", { command: "cat /workspace/* 2>&1; ls -a / /workspace" });
  return say("done");
}

test("what three people keep in private is in nobody else's prompt, sandbox, chat or log", async () => {
  await using model = await modelServerWith({ strict: false }, answer);
  await using telegram = await telegramServer();
  await using home = await freshHome();
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await using hermes = startHermes({ mode: "start", home: home.path, env });
  await hermes.printed(/telegram is connected/);
  const people = [101, 102, 103];
  const secretOf = (person: number) => `canary-${person}-xyzzy`;
  const said = (chat: number, count: number) =>
    telegram.waitFor(() => telegram.messages(chat).filter((each) => each.text === "done").length >= count, 20_000);

  for (const person of people) telegram.say(person, `keep: ${secretOf(person)}`);
  for (const person of people) await said(person, 1);
  const before = model.seen.length;
  // A new session of each, so that frozen memory shows; and a group that all of them are in.
  for (const person of people) telegram.say(person, "/new");
  for (const person of people) telegram.say(person, "what is in your workspace?");
  for (const person of people) await said(person, 2);
  for (const [index, person] of people.entries()) {
    telegram.say(-900, `@${telegram.bot.username} what is in your workspace?`, { from: person });
    await said(-900, index + 1);
  }

  const requests = model.seen.slice(before).map((seen) => JSON.stringify(seen.body));
  for (const person of people) {
    const knowing = requests.filter((request) => request.includes(secretOf(person)));
    assert.ok(knowing.length > 0, "their own prompt has it");
    for (const other of people.filter((each) => each !== person)) {
      assert.ok(!knowing.some((request) => request.includes(secretOf(other))), "and nobody else's");
    }
    for (const chat of [...people.filter((each) => each !== person), -900]) {
      assert.ok(!telegram.messages(chat).some((message) => message.text.includes(secretOf(person))));
    }
  }
  const group = requests.filter((request) => request.includes("shared chat"));
  assert.ok(
    group.length > 0 && !group.some((request) => request.includes("canary-")),
    "a group's prompt has no one's private notes",
  );
  const logs = join(home.path, "logs");
  for (const file of await readdir(logs))
    assert.ok(!(await readFile(join(logs, file), "utf8")).includes("canary-"), "no log line has them");
});
