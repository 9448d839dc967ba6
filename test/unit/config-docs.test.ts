import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { renderDoctor } from "../../src/cli/doctor/docs.ts";
import { renderDocs, renderEnvExample } from "../../src/config/docs.ts";
import { parseEnvText } from "../../src/config/env-file.ts";
import { keyOf, keyPaths } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";

const root = new URL("../../", import.meta.url);

test("docs/configuration.md is what the table of keys gives", async () => {
  assert.equal(await readFile(new URL("docs/configuration.md", root), "utf8"), renderDocs());
});

test("docs/doctor.md is what the table of findings gives", async () => {
  assert.equal(await readFile(new URL("docs/doctor.md", root), "utf8"), renderDoctor());
});

test(".env.example is what the table of keys gives, and sets nothing by itself", async () => {
  const text = await readFile(new URL(".env.example", root), "utf8");
  assert.equal(text, renderEnvExample());
  assert.deepEqual(parseEnvText(text, ".env.example"), { values: {}, findings: [] });
});

test(".env.example with its lines turned on is a valid environment", async () => {
  const on = renderEnvExample().replace(/^# ([A-Z_]+=)/gm, "$1");
  const { values } = parseEnvText(on, ".env.example");
  assert.equal(Object.keys(values).length, keyPaths.filter((path) => keyOf(path).env !== undefined).length);
  const { findings } = await loadConfig({ home: "/nonexistent", env: values });
  assert.deepEqual(findings, []);
});

test("every default is a value that its own key accepts", () => {
  for (const path of keyPaths) {
    const { fallback, kind } = keyOf(path);
    if (fallback !== null) assert.deepEqual(kind.schema.parse(fallback), fallback, path);
  }
});
