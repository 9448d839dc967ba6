import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keys } from "../../src/config/keys.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const code = globSync("{src,adapters}/**/*.ts", { cwd: root }).map(read).join("\n");

for (const platform of ["telegram", "discord", "slack"]) {
  const page = read(`docs/${platform}.md`);

  test(`${platform}: from nothing to the first answer in fewer than ten steps, each as the code has it`, () => {
    const steps = page.match(/^\d+\. .*$/gm) ?? [];
    assert.ok(steps.length > 4 && steps.length < 10, `${steps.length} steps`);
    assert.match(page, new RegExp(`It prints \`${platform} is connected\``));
    assert.match(steps.at(-2) ?? "", /`npm run hermes -- pairing approve CODE`/);
  });

  test(`${platform}: every key that its page names is one that is read`, () => {
    const known = JSON.stringify(keys);
    const named = [...page.matchAll(/`((?:TELEGRAM|DISCORD|SLACK)_[A-Z_]+|(?:telegram|discord|slack|stt)\.[a-z_]+)\b/g)].map(
      ([, key]) => key,
    );
    assert.ok(named.length > 2);
    assert.deepEqual(
      named.filter((key) => !known.includes(`"${key}"`)),
      [],
    );
  });

  test(`${platform}: what its page says that it says, it says`, () => {
    const said = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, words = ""]) => words);
    assert.ok(said.length > 1);
    const parts = said
      .map((words) => words.replace(/^(?:Telegram|Discord|Slack)\b|`.*$/g, "").trim())
      .filter((words) => !words.startsWith("/"));
    assert.deepEqual(
      parts.filter((words) => !code.replaceAll(/["`]\s*\+\s*["`]/g, "").includes(words)),
      [],
    );
  });
}
