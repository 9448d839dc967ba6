import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { suite, test } from "node:test";
import fc from "fast-check";
import { openSandboxes } from "../../src/sandbox/index.ts";
import { pulledLayers } from "../../src/sandbox/docker-engine.ts";
import { openRig } from "./sandbox-forms.ts";

/** What an engine says while it pulls, a line each. */
async function engineThatPulls(events: readonly object[]) {
  const server = createServer((request, response) => {
    if (request.url?.includes("/images/create") === true)
      return void response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    if (request.url?.includes("/_ping") === true) return void response.end("OK");
    if (request.url?.includes("/version") === true) return void response.end('{"Components":[]}');
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"message":"No such image"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return { host: `tcp://127.0.0.1:${address.port}`, [Symbol.asyncDispose]: async () => void server.close() };
}

const layer = (id: string, status: string, current = 0, total = 0) => ({ id, status, progressDetail: { current, total } });

suite("pulling the sandbox's image", () => {
  test("is told in steps, and where it can't be, what to do", async () => {
    await using engine = await engineThatPulls([
      { status: "Pulling from library/python", id: "3.11-slim" },
      layer("a", "Downloading", 10, 100),
      layer("b", "Downloading", 50, 100),
      { error: "toomanyrequests: You have reached your pull rate limit" },
    ]);
    await using rig = await openRig("virtual");
    const said: string[] = [];
    const options = {
      ...rig.options,
      image: "python:3.11-slim",
      dockerHost: engine.host,
      report: (text: string) => said.push(text),
    };
    await assert.rejects(
      openSandboxes("docker", options),
      /python:3\.11-slim is not on the Docker engine and can't be pulled: .*pull rate limit/,
    );
    assert.match(said[0] ?? "", /I get the image that commands run in \(python:3\.11-slim\) first; that takes a while/);
    assert.deepEqual(
      said.slice(1).map((text) => /: (\d+) % …$/.exec(text)?.[1]),
      ["10", "30"],
    );
    const { name, why } = await openSandboxes("auto", options);
    assert.equal(name, "virtual");
    assert.match(why, /pull rate limit/);
  });

  test("a layer that is there counts whole, and the share never leaves 0 to 100", () => {
    const layers = pulledLayers();
    assert.equal(layers.take(layer("a", "Downloading", 0, 200)), 0);
    assert.equal(layers.take(layer("a", "Downloading", 100, 200)), 50);
    assert.equal(layers.take(layer("a", "Downloading", 100, 200)), null, "unchanged");
    assert.equal(layers.take(layer("a", "Extracting", 1, 9)), 100);
    assert.equal(layers.take({ nonsense: true }), null);
    const event = fc.record({
      id: fc.constantFrom("a", "b"),
      status: fc.constantFrom("Downloading", "Extracting", "Pull complete", "Waiting"),
      progressDetail: fc
        .nat(100)
        .chain((current) => fc.record({ current: fc.constant(current), total: fc.integer({ min: current, max: 100 }) })),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const some = pulledLayers();
        for (const each of events) {
          const percent = some.take(each) ?? 0;
          assert.ok(percent >= 0 && percent <= 100, `${percent}`);
        }
      }),
    );
  });
});
