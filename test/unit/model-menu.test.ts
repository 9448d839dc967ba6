import assert from "node:assert/strict";
import { test } from "node:test";
import { languages } from "../../src/commands/languages/index.ts";
import { model } from "../../src/commands/model.ts";

test("/model names a server that can't be asked once", async () => {
  const failure = "no model server answers at http://10.0.0.5:8000/v1 (connection refused)";
  const server = "http://10.0.0.5:8000/v1";
  const providers = [{ provider: "main", server, models: [], failure }];
  const menu = { model: "qwen", server: "http://spare:1/v1", choice: null, providers };
  // Boundary: it uses no more of its call.
  const call = {
    person: { role: "owner" },
    language: languages[0],
    args: "",
    ports: { models: async () => menu },
  } as unknown as Parameters<typeof model.run>[0];
  const said = String(await model.run(call));
  assert.match(said, /^http:\/\/10\.0\.0\.5:8000\/v1 can't be asked: no model server answers \(connection refused\)$/m);
});
