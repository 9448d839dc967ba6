import assert from "node:assert/strict";
import { test } from "node:test";
import type { NamedChannel } from "../../src/core/adapter.ts";
import { createBudget } from "../../adapters/slack/budget.ts";
import { createChannels } from "../../adapters/slack/channels.ts";
import { createChannelNames } from "../../src/gateway/channel-names.ts";
import { createPlaces } from "../../adapters/discord/places.ts";

const nobody = () => assert.fail("no channel has another name");

test("Slack's channels are read page by page, and not anew for each question; where a scope is missing there are none", async () => {
  const pages = [
    { channels: [{ id: "C1", name: "reports" }], response_metadata: { next_cursor: "more" } },
    { channels: [{ id: "C2", name: "team" }, { id: 3 }], response_metadata: { next_cursor: "" } },
  ];
  const asked: unknown[] = [];
  const aside = async (_: string, params: Readonly<Record<string, unknown>>) => {
    asked.push(params["cursor"]);
    return pages[asked.length - 1] ?? assert.fail("one page too many");
  };
  const call = () => assert.fail("this may not hold up answers");
  const channels = createChannels({ call, aside }, createBudget(), nobody);
  const both = [
    { chat: "C1", name: "reports" },
    { chat: "C2", name: "team" },
  ];
  assert.deepEqual(await Promise.all([channels.all(), channels.all()]), [both, both]);
  assert.deepEqual(await channels.all(), both);
  assert.deepEqual(asked, [undefined, "more"]);
  const refused = createChannels({ call, aside: () => Promise.reject(new Error("missing_scope")) }, createBudget(), nobody);
  assert.deepEqual(await refused.all(), []);
});

test("a platform is asked what its channels are called until it tells, and then now and then", async () => {
  let now = 0;
  let asked = 0;
  // Nothing is written, since nothing is told.
  const db = {} as unknown as Parameters<typeof createChannelNames>[0];
  const names = createChannelNames(db, () => now);
  for (; now < 600_000; now += 2_000) {
    await names.look("slack", async () => {
      asked += 1;
      return [];
    });
  }
  assert.ok(asked >= 5 && asked <= 7, `asked ${asked} times in ten minutes`);
});

test("Discord's channels are those that it has told of, threads left out", () => {
  const client = { call: () => assert.fail("nothing is asked") };
  // Of the client nothing else is used.
  const renamed: NamedChannel[] = [];
  const places = createPlaces(client as unknown as Parameters<typeof createPlaces>[0], (channel) => void renamed.push(channel));
  const base = { guild_id: "1", parent_id: null, last_message_id: null };
  places.learn({ ...base, id: "10", type: 0, name: "reports" });
  places.learn({ ...base, id: "11", type: 11, parent_id: "10", name: "a thread" });
  places.learn({ ...base, id: "12", type: 1 });
  assert.deepEqual(places.named(), [{ chat: "10", name: "reports" }]);
  assert.deepEqual(renamed, []);
  places.learn({ ...base, id: "10", type: 0, name: "figures" });
  assert.deepEqual(renamed, [{ chat: "10", name: "figures" }]);
});
