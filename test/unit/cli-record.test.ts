import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Context } from "../../src/cli/context.ts";
import { askRecord } from "../../src/cli/record.ts";
import { type ControlHandler, serveControl } from "../../src/gateway/control-socket.ts";

/** A context whose record counts how often it is opened and closed. */
async function contextWith(t: TestContext, handler: ControlHandler): Promise<{ context: Context; calls: string[] }> {
  const home = await mkdtemp(join(tmpdir(), "hermes-record-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const calls: string[] = [];
  const context: Context = {
    env: {},
    home,
    print: () => {},
    remark: () => {},
    ask: null,
    exit: () => {},
    product: async () => ({
      openService: () => Promise.reject(new Error("not asked for here")),
      tryMcp: () => Promise.reject(new Error("not asked for here")),
      openForTerminal: () => Promise.reject(new Error("not asked for here")),
      openOffline: async (config) => {
        calls.push(`open ${config.home}`);
        return { ...handler, close: async () => void calls.push("close") };
      },
    }),
  };
  return { context, calls };
}

test("with no service running, the record is opened, asked and closed", async (t) => {
  const { context, calls } = await contextWith(t, { handle: async ({ command }) => ({ ok: true, text: command }) });
  assert.deepEqual(await askRecord(context, { command: "people.list", args: [] }), { ok: true, text: "people.list" });
  assert.deepEqual(calls, [`open ${context.home}`, "close"]);
});

test("the record is closed when the question fails", async (t) => {
  const { context, calls } = await contextWith(t, { handle: () => Promise.reject(new Error("no")) });
  await assert.rejects(askRecord(context, { command: "x", args: [] }), /no/);
  assert.deepEqual(calls.slice(1), ["close"]);
});

test("with a service running, the record is left to it", async (t) => {
  const { context, calls } = await contextWith(t, { handle: async () => ({ ok: false, text: "not asked" }) });
  const service = await serveControl(context.home, { handle: async () => ({ ok: true, text: "served" }) });
  t.after(() => service.close());
  assert.deepEqual(await askRecord(context, { command: "x", args: [] }), { ok: true, text: "served" });
  assert.deepEqual(calls, []);
});
