import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { hostEnv } from "../../src/sandbox/local.ts";
import { algorithmsOf, knownHost } from "../../src/sandbox/ssh-hosts.ts";

const hashed = (name: string): string => {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};

test("known_hosts: plain, listed, with a port, wildcards, negated, hashed and revoked names", () => {
  const file = [
    "# a comment",
    "plain.example ssh-ed25519 AAAA1",
    "one,two.example ssh-rsa AAAA2 a comment",
    "[ported.example]:2222 ssh-ed25519 AAAA3",
    "*.wild.example,!not.wild.example ecdsa-sha2-nistp256 AAAA4",
    `${hashed("hidden.example")} ssh-ed25519 AAAA5`,
    "@revoked plain.example ssh-ed25519 AAAA6",
    "@cert-authority plain.example ssh-ed25519 AAAA7",
    "broken",
  ].join("\r\n");
  const keys = (host: string, port = 22) => knownHost(file, host, port).keys.map(({ base64 }) => base64);
  assert.deepEqual(keys("plain.example"), ["AAAA1"]);
  assert.deepEqual(keys("PLAIN.example"), ["AAAA1"]);
  assert.deepEqual(keys("plain.example", 2222), []);
  assert.deepEqual(keys("two.example"), ["AAAA2"]);
  assert.deepEqual(keys("ported.example", 2222), ["AAAA3"]);
  assert.deepEqual(keys("a.wild.example"), ["AAAA4"]);
  assert.deepEqual(keys("not.wild.example"), []);
  assert.deepEqual(keys("plainxexample"), []);
  assert.deepEqual(keys("hidden.example"), ["AAAA5"]);
  assert.deepEqual(
    knownHost(file, "plain.example", 22).revoked.map(({ base64 }) => base64),
    ["AAAA6"],
  );
});

test("known_hosts: reading never throws and a name it doesn't hold has no keys", () => {
  fc.assert(
    fc.property(fc.string(), fc.domain(), (file, host) => {
      const { keys } = knownHost(file, host, 22);
      if (!file.includes(host) && !/[*?|]/.test(file)) assert.deepEqual(keys, []);
    }),
  );
});

test("a host may prove only keys of a type that is known", () => {
  assert.deepEqual(algorithmsOf([{ type: "ssh-rsa", base64: "" }]), ["rsa-sha2-512", "rsa-sha2-256"]);
  assert.deepEqual(algorithmsOf([{ type: "ssh-ed25519", base64: "" }]), ["ssh-ed25519"]);
});

test("commands on the host see none of the service's secrets, whatever they are called", () => {
  const harmless = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "LC_ALL", "XDG_CACHE_HOME"];
  const names = fc.stringMatching(/^[A-Z_]{1,20}$/);
  fc.assert(
    fc.property(fc.dictionary(names, fc.constant("s3cret")), (env) => {
      const seen = hostEnv({ ...env, OPENAI_API_KEY: "s3cret", DATABASE_URL: "s3cret", PATH: "/bin" }, []);
      for (const name of ["OPENAI_API_KEY", "DATABASE_URL"]) assert.equal(seen[name], undefined);
      assert.equal(seen["PATH"], "/bin");
      assert.ok(
        Object.keys(seen).every((name) => harmless.includes(name) || /^(USER|LOGNAME|SHELL|TZ|LANGUAGE|LC_|XDG_)/.test(name)),
      );
    }),
  );
  assert.equal(hostEnv({ PROJECT: "x", TOKEN: "y" }, ["PROJECT"])["PROJECT"], "x");
});
