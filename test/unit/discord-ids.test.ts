import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf } from "../../src/config/keys.ts";

const { kind } = keyOf("discord.allowed_users");
/** What YAML makes of an id without quotes: its last digits are gone. */
const rounded = JSON.parse("123456789012345678");

test("ids of Discord's are taken as text, with commas or as a list; rounded numbers are refused, since they are other people's", () => {
  assert.deepEqual(kind.schema.parse("123456789012345678, 223456789012345678"), ["123456789012345678", "223456789012345678"]);
  assert.deepEqual(kind.schema.parse(["123456789012345678"]), ["123456789012345678"]);
  assert.deepEqual(kind.schema.parse(""), []);
  assert.equal(kind.schema.safeParse([rounded]).success, false);
  assert.equal(keyOf("discord.command_guild").kind.schema.safeParse(rounded).success, false);
});
