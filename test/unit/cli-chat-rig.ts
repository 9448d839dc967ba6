import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { askOnce } from "../../src/cli/chat/once.ts";
import type { Context } from "../../src/cli/context.ts";
import type { TerminalFile, TerminalHears, TerminalOutcome, TerminalPost, TerminalSays } from "../../src/core/terminal.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import type { Visit } from "../../src/gateway/visit.ts";

export const streams = (stdin: Readable, err: string[] = []) => ({
  env: {},
  stdin,
  stdout: { write: () => true },
  stderr: { write: (text: string) => err.push(text) },
});

type Told = TerminalHears & { readonly type: "post" | "state" | "event" };

export const post = (markdown: string, buttons: TerminalPost["buttons"] = [], answers: string | null = "own"): Told => ({
  type: "post",
  id: `out-${markdown.length}`,
  answers,
  markdown,
  footer: null,
  buttons,
  asks: false,
  repeated: false,
  file: null,
});
/** `asking`: what waits for an answer; `of`: the post that has the turn's answer. */
export const state = (
  busy: boolean,
  end: TerminalOutcome["end"] | null = null,
  of: Told | null = null,
  asking: readonly Told[] = [],
): Told => {
  const usage = { calls: 1, promptTokens: 1, cachedTokens: 0, completionTokens: 1 };
  const outcome = end && { turn: "1", post: idOf(of), end, failure: null, ms: 1, tools: [], usage, filesToCome: 0 };
  return {
    type: "state",
    session: null,
    title: null,
    since: 0,
    model: "",
    demonstration: false,
    used: null,
    window: null,
    busy,
    toolProgress: "all",
    asking: asking.map((each) => idOf(each) ?? ""),
    outcome,
  };
};
const idOf = (told: Told | null) => (told?.type === "post" ? told.id : null);
export const finished: Told = {
  type: "event",
  turn: "1",
  replyTo: null,
  fence: 1,
  seq: 1,
  event: { type: "finished", end: "answered" },
};
export const question = (markdown: string, ...labels: readonly string[]) =>
  post(
    markdown,
    labels.map((label, at) => ({ label, data: `ask:0123456789abcdef:${at}` })),
  );
export const saved = post("💾 Saved: tea", [{ label: "Undo", data: "/memory undo 1" }]);

/**
 * Asks a service that says what `script` has for each word of the terminal's; gives what came of it, and what was heard there but for looks.
 * What answers `own` answers its question.
 */
export async function asked(
  t: TestContext,
  script: (said: TerminalSays, visit: Visit) => readonly TerminalHears[],
  ask: Context["ask"] = null,
  files: readonly TerminalFile[] = [],
) {
  const home = await mkdtemp(join(tmpdir(), "hermes-once-"));
  const heard: TerminalSays[] = [];
  const service = await serveControl(home, {
    handle: async () => ({ ok: false, text: "" }),
    receive(_request, visit) {
      visit.say({ type: "hello", seat: "q-1", version: "1", toolProgress: "all", commands: [], missed: [], events: [] });
      let own = "";
      visit.listen(
        (message) => {
          // The other end of the same protocol.
          const said = message as TerminalSays;
          if (said.type !== "look") heard.push(said);
          if (said.type === "say") own ||= said.id;
          for (const told of script(said, visit))
            visit.say(told.type === "post" && told.answers === "own" ? { ...told, answers: own } : told);
        },
        () => {},
      );
      return true;
    },
  });
  t.after(async () => {
    await service.close();
    await rm(home, { recursive: true });
  });
  const out: string[] = [];
  const remarks: string[] = [];
  let code: number | null = null;
  const context: Context = {
    env: {},
    home,
    print: (line) => void out.push(line),
    remark: (line) => void remarks.push(line),
    ask,
    exit: (status) => void (code = status),
    product: () => assert.fail("a service runs"),
  };
  const options = { question: "hello", files, only: null, resume: null, language: null, form: "text", quiet: true } as const;
  await askOnce(context, streams(Readable.from([])), { ...options, draw: async (markdown) => markdown });
  return { out: out.join("\n"), remarks: remarks.join("\n"), code, heard };
}

/** Says these one after the other, each when it is looked how things stand; the last one then for ever. */
export function inTurn(first: readonly Told[], ...looks: readonly (readonly Told[])[]): (said: TerminalSays) => readonly Told[] {
  let at = 0;
  return ({ type }) => (type === "say" ? first : type === "look" ? (looks[Math.min(at++, looks.length - 1)] ?? []) : []);
}

/** A service that goes away so many times when it is told to, and is back then. */
export function restarting(times: number) {
  const visits: Visit[] = [];
  const back = Promise.withResolvers<void>();
  return {
    /** Whether it is the first visit. */
    reached(visit: Visit) {
      visits.push(visit);
      if (visits.length > times) back.resolve();
      return visits.length === 1;
    },
    async restarted() {
      if (times > 0) visits[0]?.leave();
      await back.promise;
    },
  };
}
