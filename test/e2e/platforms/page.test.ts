import assert from "node:assert/strict";
import { test } from "node:test";
import { pageDriver } from "./page-driver.ts";
import { walk } from "./walk.ts";

walk("The page", pageDriver, (scene) => {
  test("the history tells what was run for an answer", async () => {
    const { driver } = scene();
    const talk = await driver.talk();
    await talk.say("write it down");
    await talk.until((lines) => lines.some(({ text, written }) => written && /^came: [^]*down\.txt/.test(text)));
    const tools = driver.history().findLast(({ role, html }) => role === "agent" && /down\.txt/.test(html ?? ""))?.tools ?? [];
    assert.deepEqual(
      tools.map(({ tool, ok }) => [tool, ok]),
      [["write_file", true]],
    );
  });
});
