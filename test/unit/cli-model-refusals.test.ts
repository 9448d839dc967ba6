import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { closedPort, modelServer, run, serve } from "./cli-model-rig.ts";

const bad: readonly {
  name: string;
  make: (t: TestContext) => Promise<string>;
  more?: readonly string[];
  says: RegExp;
  status: number;
}[] = [
  {
    name: "nobody listens",
    make: () => closedPort(),
    says: /no model server answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    status: 1,
  },
  {
    name: "a wrong key",
    make: (t) => modelServer(t, ["m"], "k"),
    more: ["--api-key", "wrong"],
    says: /refuses the key \(401\)\.\n.*--api-key/,
    status: 1,
  },
  {
    name: "an HTML page",
    make: (t) => serve(t, (_, response) => void response.end("<html>hi</html>")),
    says: /answers 200, and not with a list of models/,
    status: 1,
  },
  {
    name: "an error",
    make: (t) => serve(t, (_, response) => void response.writeHead(500).end("oops")),
    says: /answers 500/,
    status: 1,
  },
  { name: "no models", make: (t) => modelServer(t, []), says: /lists no model/, status: 1 },
  {
    name: "a model that isn't there",
    make: (t) => modelServer(t, ["a", "b"]),
    more: ["--model", "c"],
    says: /has no model c\.\n.*It lists a, b\./,
    status: 1,
  },
  {
    name: "an unknown mode",
    make: (t) => modelServer(t, ["a"]),
    more: ["--api-mode", "smoke"],
    says: /no API mode smoke\.\n.*anthropic_messages/,
    status: 78,
  },
  {
    name: "a window too small",
    make: (t) => modelServer(t, ["a"]),
    more: ["--context-length", "512"],
    says: /512 is no context length/,
    status: 78,
  },
  { name: "no address", make: async () => "ftp://x", says: /ftp:\/\/x" is no web address/, status: 78 },
];

for (const { name, make, more = [], says, status } of bad) {
  test(`a server with ${name} is refused in one line with its mend`, async (t) => {
    const result = await run(t, ["--base-url", await make(t), "--yes", ...more]);
    assert.equal(result.status, status);
    assert.match(result.err, says);
    assert.deepEqual(result.files, {});
  });
}
