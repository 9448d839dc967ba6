import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { manifest } from "../../adapters/slack/manifest.ts";
import * as registry from "../../src/commands/index.ts";
import { languages } from "../../src/commands/languages/index.ts";
import { offeredCommands } from "../../src/commands/offered.ts";

const file = new URL("../../docs/slack-manifest.json", import.meta.url);
const commands = offeredCommands(Object.values(registry), languages[0], languages);

test("the app manifest in the docs is the one of this version's commands, scopes and events", () => {
  const wanted = manifest(commands);
  if (process.env["WRITE_DOCS"] === "1") writeFileSync(file, `${JSON.stringify(wanted, null, 2)}\n`);
  const written: unknown = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual(
    written,
    JSON.parse(JSON.stringify(wanted)),
    "write it anew: WRITE_DOCS=1 node test/run.ts test/unit/slack-manifest.test.ts",
  );
});

test("it keeps to Slack's limits", () => {
  const { slash_commands: slash } = Object(manifest(commands)["features"]);
  assert.ok(Array.isArray(slash) && slash.length > 5 && slash.length <= 50);
  for (const { command, description } of slash) {
    assert.match(command, /^\/[a-z][a-z0-9_-]{0,31}$/);
    assert.ok(description.length > 0 && description.length <= 140);
  }
});
