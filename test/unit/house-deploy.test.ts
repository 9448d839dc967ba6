import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { keyOf, keyPaths } from "../../src/config/keys.ts";

const root = join(import.meta.dirname, "../..");
const known = new Set(keyPaths.map((path) => keyOf(path).env));

const service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  init: z.boolean().optional(),
  profiles: z.array(z.string()).optional(),
  privileged: z.boolean().optional(),
  restart: z.literal("unless-stopped"),
  stop_grace_period: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal("service_healthy") })).default({}),
  extra_hosts: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).optional(),
  shm_size: z.string().optional(),
  healthcheck: z.looseObject({}).optional(),
  deploy: z.strictObject({ replicas: z.int().optional(), resources: z.looseObject({}).optional() }).optional(),
});

const compose = z
  .object({
    services: z.record(z.string(), service),
    networks: z.record(z.string(), z.strictObject({ internal: z.boolean() }).nullable()),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), { merge: true }));

const services = Object.entries(compose.services);
const { gateway, worker, engine, redis, postgres } = compose.services;

test("the roles are there: two workers beside one gateway", () => {
  assert.deepEqual(gateway?.command, ["gateway"]);
  assert.deepEqual(worker?.command, ["worker"]);
  assert.equal(worker?.deploy?.replicas, 2);
  assert.deepEqual([compose.services["llama"]?.profiles, compose.services["vllm"]?.profiles], [["llama"], ["vllm"]]);
});

test("every variable given to Hermes is one that the table of keys knows", () => {
  for (const role of [gateway, worker]) {
    const names = Object.keys(role?.environment ?? {});
    assert.ok(names.includes("REDIS_URL") && names.includes("DATABASE_URL"));
    assert.deepEqual(
      names.filter((name) => !known.has(name)),
      [],
    );
  }
  const inImage = [...readFileSync(join(root, "Dockerfile"), "utf8").matchAll(/\b(HERMES_\w+)/g)].map(([, name]) => name);
  assert.ok(inImage.includes("HERMES_HOME"));
  assert.deepEqual(
    inImage.filter((name) => !known.has(name)),
    [],
  );
});

test("what is named is declared, and whoever is waited for has a healthcheck", () => {
  for (const [name, { networks, volumes, depends_on: waitsFor }] of services) {
    for (const network of networks) assert.ok(network in compose.networks, `${name}: network ${network}`);
    for (const volume of volumes) assert.ok((volume.split(":")[0] ?? "") in compose.volumes, `${name}: volume ${volume}`);
    for (const other of Object.keys(waitsFor)) assert.ok(compose.services[other]?.healthcheck, `${name} waits for ${other}`);
  }
});

test("nothing is published beyond loopback", () => {
  for (const [name, { ports }] of services) for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
});

test("the sandboxes' engine shares no network with anything, has no port, and is not the host's", () => {
  const networks = new Set(engine?.networks);
  assert.ok(networks.size > 0);
  for (const [name, other] of services) {
    if (name !== "engine")
      assert.ok(
        other.networks.every((network) => !networks.has(network)),
        name,
      );
    assert.ok(
      other.volumes.every((volume) => !volume.startsWith("/") && !volume.startsWith(".")),
      `${name} mounts a place of the host`,
    );
    assert.equal(other.privileged ?? false, name === "engine", name);
  }
  assert.equal(engine?.command?.[0], "dockerd", "without it the image listens on TCP");
  assert.ok(engine?.command?.every((argument) => !argument.includes("tcp:")));
});

test("the record and the queue reach nothing outside", () => {
  for (const part of [redis, postgres]) {
    assert.deepEqual(part?.networks, ["state"]);
    assert.equal(compose.networks["state"]?.internal, true);
  }
});

test("a stopping container has longer than the drain", () => {
  const drain = z.number().parse(keyOf("agent.drain_timeout").fallback);
  for (const role of [gateway, worker]) assert.ok(Number.parseInt(role?.stop_grace_period ?? "0", 10) > drain);
});

test("the image holds every folder of the product, and the builder sees them", () => {
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  const seen = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
  const folders = ["bin", "src", "adapters", "workers", "skills"].filter((folder) => existsSync(join(root, folder)));
  for (const folder of folders) {
    assert.match(dockerfile, new RegExp(`^COPY ${folder} ${folder}$`, "m"));
    assert.ok(seen.includes(`!${folder}`), folder);
  }
  assert.ok(seen.includes("*") && seen.includes("**/.env"));
  assert.match(dockerfile, /^USER node$/m);
});
