import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { define } from "../../src/cli/cron.ts";
import type { Context } from "../../src/cli/context.ts";
import { cronControl } from "../../src/gateway/control/cron.ts";
import type { DeskParts } from "../../src/schedules/desk.ts";
import { openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { freshDatabase } from "../services/postgres.ts";
import { silent } from "./database-forms.ts";

test("hermes cron edit takes which one, options and a request as the shell gives them", async () => {
  await using fresh = await freshDatabase();
  const database = await openDatabase({ url: fresh.url, directory: "/nowhere", log: silent });
  await using _closed = { [Symbol.asyncDispose]: () => database.close() };
  await migrate(database.db, migrations);
  await database.db.insertInto("people").values({ id: "root", name: "root", role: "owner" }).execute();
  const rules = { zone: "UTC", mostPerPerson: 5, fromRuns: false };
  const desk: DeskParts = { db: database.db, rules: async () => rules, wake: async () => undefined };
  const printed: string[] = [];
  const say = (line: string) => void printed.push(line);
  let answers: string[] | null = null;
  const ask = async (question: string) => {
    printed.push(question);
    return answers?.shift() ?? assert.fail("nobody was to be asked");
  };
  const context: Context = {
    env: {},
    home: "/nowhere",
    print: say,
    remark: say,
    get ask() {
      return answers === null ? null : ask;
    },
    exit: () => undefined,
    product: async () => ({
      openService: () => assert.fail("no service is started"),
      tryMcp: () => assert.fail("no tools are looked for"),
      openForTerminal: () => assert.fail("nobody talks"),
      openOffline: async () => ({ handle: async ({ args }) => await cronControl(desk, args), close: async () => undefined }),
    }),
  };
  const typed = async (...args: readonly string[]) => {
    const command = new Command("cron");
    define(command, context);
    await command.parseAsync([...args], { from: "user" });
    return printed.at(-1) ?? "";
  };
  assert.match(await typed("add", "every 2h", "report", "--name", "two words"), /Saved as 1/);
  assert.match(await typed("edit", "1", "--time", "every 3h"), /Changed[^]*two words: report\nWhen: every 3h/);
  const script = `echo "it's" -- 'done'`;
  assert.match(
    await typed("edit", "two words", "say", "it", "--script", script),
    /two words: say it[^]*Script: echo "it's" -- 'done'/,
  );
  // At a terminal.
  answers = ["", "n", ""];
  assert.match(await typed("add", "every 2h", "water"), /water is saved as 2\. First on/);
  assert.match(printed.at(-3) ?? "", /water\nWhen: every 2h.*\nNext: .*\nThen: .*\nThen: /);
  assert.equal(printed.at(-2), "Save it? [Y/n] ");
  assert.match(await typed("edit", "water", "--time", "every 5h"), /Not saved/);
  assert.match(await typed("show", "water"), /every 2h/);
  assert.match(await typed("edit", "water", "--time", "every 7h"), /water is saved as 2\. Next on/);
  assert.match(await typed("edit", "water", "--time", "every 8h", "--yes"), /Changed[^]*every 8h/);
  assert.match(await typed("edit", "water", "--name", "plants"), /Changed[^]*plants: water/);
  await typed("remove", "plants");
  answers = null;
  assert.match(await typed("pause", "two words"), /two words is paused/);
  printed.length = 0;
  await typed("list");
  assert.deepEqual(printed, ["#  NAME       WHEN      NEXT    OWNER", "1  two words  every 3h  paused  root"]);
});
