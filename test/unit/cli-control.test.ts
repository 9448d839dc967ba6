import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ControlHandler, callControl, controlPath, serveControl } from "../../src/gateway/control-socket.ts";
import { Failure } from "../../src/core/failures.ts";

async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-control-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

const echo: ControlHandler = { handle: async ({ command, args }) => ({ ok: true, text: `${command} ${args.join("+")}` }) };

test("a request is answered over a socket that only its owner may open; afterwards nobody is there", async (t) => {
  const home = await temporaryHome(t);
  assert.equal(await callControl(home, { command: "x", args: [] }), null);
  const service = await serveControl(home, echo);
  assert.equal((await stat(controlPath(home))).mode & 0o777, 0o600);
  assert.deepEqual(await callControl(home, { command: "say", args: ["a", "ü\n"] }), { ok: true, text: "say a+ü\n" });
  assert.deepEqual(
    await Promise.all([1, 2, 3].map((n) => callControl(home, { command: "n", args: [`${n}`] }))),
    [1, 2, 3].map((n) => ({ ok: true, text: `n ${n}` })),
  );
  await service.close();
  assert.equal(await callControl(home, { command: "x", args: [] }), null);
});

test("a handler's failure is an answer, without secrets", async (t) => {
  const home = await temporaryHome(t);
  const service = await serveControl(home, {
    handle: async () => {
      throw new Failure("state.unavailable", "no answer from postgres://u:hunter2@h", { advice: "Start it." });
    },
  });
  t.after(() => service.close());
  assert.deepEqual(await callControl(home, { command: "x", args: [] }), {
    ok: false,
    text: "no answer from postgres://u:[hidden]@h Start it.",
  });
});

test("a second service on the same home is refused, naming the holder; the first goes on", async (t) => {
  const home = await temporaryHome(t);
  const service = await serveControl(home, echo);
  t.after(() => service.close());
  await assert.rejects(serveControl(home, echo), (thrown: unknown) => {
    assert.ok(thrown instanceof Failure);
    assert.equal(thrown.code, "home.held");
    assert.match(thrown.message, new RegExp(`in use by process ${process.pid}`));
    return true;
  });
  assert.deepEqual(await callControl(home, { command: "a", args: [] }), { ok: true, text: "a " });
});

test("of many that start at once, one holds the home", async (t) => {
  const home = await temporaryHome(t);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => serveControl(home, echo)));
  const services = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  t.after(() => Promise.all(services.map((service) => service.close())));
  assert.equal(services.length, 1);
});

test("of many that find a dead process's socket at once, one holds the home", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(controlPath(home), "");
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => serveControl(home, echo)));
  const services = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  t.after(() => Promise.all(services.map((service) => service.close())));
  assert.equal(services.length, 1);
});

test("what a killed process left behind is replaced", async (t) => {
  const home = await temporaryHome(t);
  const source = `require("node:net").createServer().listen(${JSON.stringify(controlPath(home))}, () => process.stdout.write("up"))`;
  const child = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal((await stat(controlPath(home))).isSocket(), true);
  assert.equal(await callControl(home, { command: "x", args: [] }), null);
  const service = await serveControl(home, echo);
  t.after(() => service.close());
  assert.deepEqual(await callControl(home, { command: "b", args: [] }), { ok: true, text: "b " });
});

test("a plain file in the socket's place is replaced too; a home that can't be written is a failure", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(controlPath(home), "");
  const service = await serveControl(home, echo);
  await service.close();
  await writeFile(join(home, "file"), "");
  await assert.rejects(serveControl(join(home, "file", "home"), echo));
});

test("a home with a long path works", async (t) => {
  const home = join(await temporaryHome(t), "x".repeat(120));
  await mkdir(home);
  const service = await serveControl(home, echo);
  assert.deepEqual(await callControl(home, { command: "c", args: [] }), { ok: true, text: "c " });
  await service.close();
});

test("a home with a long path is not reached where others could listen in its place", async (t) => {
  const place = await temporaryHome(t);
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = place;
  t.after(() => (usual === undefined ? delete process.env["TMPDIR"] : (process.env["TMPDIR"] = usual)));
  const home = join(place, "x".repeat(120));
  const directory = dirname(controlPath(home));
  assert.equal(dirname(directory), place);
  const isRefused = async () => {
    await assert.rejects(serveControl(home, echo), /open to others/);
    await assert.rejects(callControl(home, { command: "c", args: [] }), /open to others/);
  };
  await mkdir(directory);
  await chmod(directory, 0o755);
  await isRefused();
  await rename(directory, join(place, "mine"));
  await chmod(join(place, "mine"), 0o700);
  await symlink(join(place, "mine"), directory);
  await isRefused();
  await rm(directory);
  await mkdir(directory, { mode: 0o700 });
  await (await serveControl(home, echo)).close();
  if (process.getuid?.() !== 0) return;
  await chown(directory, 65_534, 65_534);
  await isRefused();
});

test("noise on the socket harms nobody", async (t) => {
  const home = await temporaryHome(t);
  const service = await serveControl(home, echo);
  const noise = connect(controlPath(home));
  noise.on("error", () => {});
  noise.write('not json\n{"command":1}\nnull\n');
  assert.match(await replies(noise, 3), /^(?:\{"ok":false,"text":"not a request"\}\n){3}$/);
  const gone = new Promise((resolve) => noise.once("close", resolve));
  noise.write("x".repeat(17 * 1024 * 1024));
  await gone;
  assert.deepEqual(await callControl(home, { command: "d", args: [] }), { ok: true, text: "d " });
  const idle = connect(controlPath(home));
  await once(idle, "connect");
  await service.close();
  await once(idle, "close");
});

function replies(socket: Socket, lines: number): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.split("\n").length > lines) resolve(text);
    });
  });
}

test("a service that doesn't answer is a failure in time", async (t) => {
  const home = await temporaryHome(t);
  const service = await serveControl(home, { handle: () => new Promise(() => {}) });
  t.after(() => service.close());
  await assert.rejects(callControl(home, { command: "x", args: [] }, 50), /does not answer/);
});
