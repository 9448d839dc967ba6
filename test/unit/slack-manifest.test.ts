import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { manifest } from "../../adapters/slack/manifest.ts";
import * as commands from "../../src/commands/index.ts";

test("the app manifest in the docs is the one of this version's commands, scopes and events", () => {
  const wanted = manifest(Object.values(commands));
  const written: unknown = JSON.parse(readFileSync(new URL("../../docs/slack-manifest.json", import.meta.url), "utf8"));
  assert.deepEqual(
    written,
    JSON.parse(JSON.stringify(wanted)),
    `docs/slack-manifest.json should be:\n${JSON.stringify(wanted, null, 2)}`,
  );
});

test("it keeps to Slack's limits", () => {
  const { slash_commands: slash } = Object(manifest(Object.values(commands))["features"]);
  assert.ok(Array.isArray(slash) && slash.length > 5 && slash.length <= 50);
  for (const { command, description } of slash) {
    assert.match(command, /^\/[a-z][a-z0-9_-]{0,31}$/);
    assert.ok(description.length > 0 && description.length <= 140);
  }
});
