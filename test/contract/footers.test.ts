import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { webChat } from "../../adapters/web/options.ts";
import { openSession } from "../../src/store/sessions.ts";
import { footerWanted, switchFooter, type FooterRules } from "../../src/store/footers.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { say, type Seen } from "../doubles/model-server.ts";
import { openTalk } from "../flow/talk-rig.ts";
import { readyForms } from "./database-forms.ts";
import { chatRef as discordChat, discordRig } from "./discord-rig.ts";
import { slackRig, turnIn } from "./slack-rig.ts";
import { chatRef as telegramChat, telegramRig } from "./telegram-rig.ts";

const footer = "qwen_3*27b* │ 35.9K/65.5K │ [██████░░░░] 55% │ ⏲ 6m 54s";

suite("the line below an answer", () => {
  test("Telegram has it in italics, as a new message, an edit and a rich message", async () => {
    await using rig = await telegramRig();
    const [chat, rich] = [telegramChat(7), rig.make({ richMessages: "auto" })];
    const [chunk] = rig.adapter.render("**Done.**", footer);
    assert.ok(chunk);
    const message = await rig.adapter.post(chat, chunk, { replyTo: null });
    const shown = () => rig.tg.messages(7).find(({ id }) => String(id) === message);
    assert.equal(shown()?.text, `Done.\n\n${footer}`);
    assert.deepEqual(shown()?.entities.at(-1), { type: "italic", offset: 7, length: footer.length });
    const [other] = rig.adapter.render("Done again.", footer);
    await rig.adapter.edit(chat, message, other ?? assert.fail(), {});
    assert.equal(shown()?.text, `Done again.\n\n${footer}`);
    const [table] = rich.render("| a |\n|---|\n| b |", footer);
    assert.match(table?.rich ?? "", /\n\n\*qwen\\_3\\\*27b\\\* │ .* │ \\\[█+░+\\\] 55% │ ⏲ 6m 54s\*$/);
    await rich.post(chat, table ?? assert.fail(), { replyTo: null });
    assert.ok(rig.tg.messages(7).at(-1)?.rich);
    await rich.close();
  });

  test("Discord has it small, with nothing in it that is a mark", async () => {
    await using rig = await discordRig();
    const channel = rig.discord.world.privateChat("7").id;
    const [chunk] = rig.adapter.render("```\ncode\n```", footer);
    await rig.adapter.post(discordChat(channel), chunk ?? assert.fail(), { replyTo: null });
    const lines = rig.discord.world.channel(channel).messages.at(-1)?.content.split("\n") ?? [];
    assert.deepEqual(lines.slice(0, 3), ["```", "code", "```"]);
    assert.equal(lines[3], "-# qwen\\_3\\*27b\\* │ 35.9K/65.5K │ \\[██████░░░░\\] 55% │ ⏲ 6m 54s");
  });

  test("Slack has it in a block of its own: of a message, of an update, and of a stream's end", async () => {
    await using rig = await slackRig();
    await rig.adapter.start(rig.inlet);
    const turn = turnIn(rig);
    await turn.feed("Done");
    const last = (text: string) => rig.adapter.render(text, footer).at(-1) ?? assert.fail();
    await rig.adapter.edit(turn.chat, turn.at.message ?? assert.fail(), last("Done."), {});
    assert.deepEqual([turn.shown()[0]?.text, turn.shown()[0]?.footer], ["Done.", footer]);
    assert.equal(turn.shown()[0]?.edits, 0, "the stream's own end was enough");
    await rig.adapter.edit(turn.chat, turn.at.message ?? assert.fail(), last("Otherwise."), {});
    assert.deepEqual([turn.shown()[0]?.text, turn.shown()[0]?.footer], ["Otherwise.", footer]);
    await rig.adapter.post(turn.chat, last("New."), { replyTo: null, key: "1:0" });
    assert.deepEqual([turn.shown()[1]?.text, turn.shown()[1]?.footer], ["New.", footer]);
  });

  test("the page has it below the answer, live and after a reload; the model never reads it", async () => {
    const config = "display:\n  runtime_footer:\n    enabled: true\n    fields: [model, tokens, turn_time]\n";
    await using rig = await openTalk({ config });
    const said = (seen: Seen) => JSON.stringify(seen.body.messages);
    const { answer } = await rig.ask("hello", () => say("hello **yourself**"));
    assert.match(answer, /^hello yourself\S* │ \d+\/[\d.]+K │ ⏲ \d+s$/);
    await rig.askOn("and again");
    const seen = rig.model.seen.at(-1) ?? assert.fail();
    assert.match(said(seen), /hello \*\*yourself\*\*/);
    assert.doesNotMatch(said(seen), /│|⏲/);
  });
});

suite("where it is wanted", () => {
  const rules = (all: boolean, telegram: boolean | null): FooterRules => {
    const platform = (enabled: boolean | null) => ({ runtimeFooter: { enabled } });
    return {
      runtimeFooter: { enabled: all, fields: ["model"] },
      platforms: { telegram: platform(telegram), discord: platform(null), slack: platform(null), web: platform(null) },
    };
  };
  const open = async () => {
    const place = await readyForms["embedded"]?.();
    const { db } = (await place?.open()) ?? assert.fail();
    await migrate(db, migrations);
    return { db, close: async () => await place?.[Symbol.asyncDispose]() };
  };
  let rig: Awaited<ReturnType<typeof open>>;
  before(async () => {
    rig = await open();
    await openSession(rig.db, webChat, "private");
  });
  after(() => rig.close());

  test("as configured for all, else for the platform, else as switched in the chat, its threads included", async () => {
    const { db } = rig;
    const [group, topic] = [telegramChat(-5), telegramChat(-5, 9)];
    assert.equal(await footerWanted(db, rules(false, null), group), false);
    assert.equal(await footerWanted(db, rules(true, null), group), true);
    assert.equal(await footerWanted(db, rules(true, false), group), false);
    assert.equal(await footerWanted(db, rules(false, true), webChat), false);
    await switchFooter(db, topic, true);
    assert.equal(await footerWanted(db, rules(true, false), group), true);
    assert.equal(await footerWanted(db, rules(false, false), telegramChat(-6)), false);
    await switchFooter(db, group, false);
    assert.equal(await footerWanted(db, rules(true, null), topic), false);
    await switchFooter(db, group, null);
    assert.equal(await footerWanted(db, rules(true, null), topic), true);
  });

  test("what is no chat of people's has none, whatever is configured", async () => {
    const run = { platform: "schedule", chat: "1", thread: null };
    await switchFooter(rig.db, run, true);
    assert.equal(await footerWanted(rig.db, rules(true, true), run), false);
  });
});
