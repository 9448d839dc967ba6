import assert from "node:assert/strict";
import { test } from "node:test";
import { pageDriver } from "./page-driver.ts";
import { walk } from "./walk.ts";

walk("The page", pageDriver, (scene) => {
  test("the history tells what was run for an answer", async () => {
    const { driver } = scene();
    const talk = await driver.talk();
    await talk.say("write it down");
    await talk.until((lines) => lines.some(({ text }) => text.startsWith("came:")));
    const tools = driver.history().at(-1)?.tools ?? [];
    assert.deepEqual(
      tools.map(({ tool, ok }) => [tool, ok]),
      [["write_file", true]],
    );
  });
});
