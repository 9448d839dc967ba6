import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { call, calls, finishing, say, status, type Seen } from "../doubles/model-server.ts";
import { type KillableRig, lastOf, openTalk, openTalkApart, type TalkRig } from "./talk-rig.ts";

/** What the tests look at beyond the double's own type. */
const choice = (seen: Seen | undefined) => seen?.body.tool_choice;
const schemaOf = (seen: Seen | undefined): unknown => (seen?.body as { response_format?: unknown } | undefined)?.response_format;
const unknownTool = () => call("make_coffee", { sugar: true });

suite("tool calls that work", () => {
  let rig: KillableRig;
  before(async () => {
    rig = await openTalkApart();
  });
  after(() => rig[Symbol.asyncDispose]());

  test("a name in another spelling is the tool's, and goes back to the model under its right name", async () => {
    const { answer, seen } = await rig.ask("write", (request, count) =>
      count === 0 ? call("Write-File", { path: "a.txt", content: "tea" }) : say(`said: ${lastOf(request)}`),
    );
    assert.match(answer, /Wrote a\.txt/);
    assert.equal(seen[1]?.body.messages.at(-2)?.tool_calls?.[0]?.function.name, "write_file");
  });

  test("a name that is nobody's is answered with those it is like", async () => {
    const { answer } = await rig.ask("write", (request, count) =>
      count === 0 ? call("write_files", { path: "a.txt" }) : say(`said: ${lastOf(request)}`),
    );
    assert.match(answer, /no tool named "write_files".*mean write_file\b/);
  });

  test("slips in the arguments are put right: wrapped, in another spelling, a number as text", async () => {
    const { answer } = await rig.ask("run", (request, count) =>
      count === 0
        ? call("terminal", { arguments: { Command: "echo $((6*7))", timeout: "20", workdir: null } })
        : say(`said: ${lastOf(request)}`),
    );
    assert.match(answer, /said: 42/);
  });

  test("broken JSON is never run for a tool that acts; it is told, with an example", async () => {
    const { answer } = await rig.ask("run", (request, count) => {
      if (count === 0) return call("terminal", '{"command": "echo ran > ran.txt');
      return count === 1
        ? call("terminal", { command: "ls; echo told" })
        : say(`${lastOf(request)} / ${JSON.stringify(request.body.messages)}`);
    });
    assert.doesNotMatch(answer, /ran\.txt\s/);
    assert.match(answer, /terminal was not run: its arguments are.*for example/);
  });

  test("after three failed calls in a row a call is demanded, then a form; the form's call is run and its answer is the answer", async () => {
    const { answer, seen } = await rig.ask("work", (request, count) => {
      if (count < 4) return unknownTool();
      if (count === 4) return say(JSON.stringify({ tool: "terminal", arguments: { command: "echo $((6*7))" } }));
      return say(JSON.stringify({ answer: `It is ${lastResult(request)}.` }));
    });
    assert.equal(answer, "It is 42.");
    assert.deepEqual(seen.map(choice), ["auto", "auto", "auto", "required", undefined, undefined]);
    assert.ok(seen.slice(0, 4).every((request) => schemaOf(request) === undefined));
    const { anyOf } = (schemaOf(seen[4]) as { json_schema: { schema: { anyOf: { required: string[] }[] } } }).json_schema.schema;
    assert.equal(anyOf.length, (seen[0]?.body.tools?.length ?? 0) + 1);
    assert.deepEqual(anyOf.at(-1)?.required, ["answer"]);
    assert.match(lastOf(seen[4]), /"name":"terminal"/, "the tools are told in words, as the server shows no schema");
    assert.match(lastOf(seen[1]), /no tool named "make_coffee"/);
  });

  test("a call that a demand brings out is run, and the model is free again", async () => {
    const { answer, seen } = await rig.ask("work", (request, count) => {
      if (count < 3) return unknownTool();
      return count === 3 ? call("terminal", { command: "echo $((6*7))" }) : say(`It is ${lastOf(request)}`);
    });
    assert.match(answer, /It is 42/);
    assert.deepEqual(seen.map(choice), ["auto", "auto", "auto", "required", "auto"]);
  });

  test("a server that refuses the demand is asked by the form at once", async () => {
    const { answer, seen } = await rig.ask("work", (_request, count) => {
      if (count < 3) return unknownTool();
      if (count === 3) return status(400, { error: { message: "tool_choice required is not supported" } });
      return say(JSON.stringify({ answer: "So be it." }));
    });
    assert.equal(answer, "So be it.");
    assert.equal(seen.length, 5);
  });

  test("when nothing helps, the person is told what went wrong and what to do", async () => {
    const { answer, seen } = await rig.ask("work", (_request, count) => (count < 4 ? unknownTool() : say("I would rather not.")));
    assert.equal(seen.length, 5);
    assert.match(answer, /kept calling tools in a way that can.*t be run[^]*hermes doctor/);
    assert.doesNotMatch(answer, /make_coffee|[{}]/);
  });

  test("killed in the middle of its strikes, a turn goes on counting where it was", async () => {
    const gate = Promise.withResolvers<void>();
    const asked = rig.ask("work", (_request, count) => {
      if (count < 2) return unknownTool();
      if (count === 2) {
        gate.resolve();
        return { kind: "hang", when: null };
      }
      if (count === 3) return unknownTool();
      return say("Then without tools.");
    });
    asked.catch(() => undefined); // the page it waits at is killed
    await gate.promise;
    const from = rig.model.seen.length - 3;
    await rig.restart();
    await rig.model.arrived(from + 5);
    assert.deepEqual(rig.model.seen.slice(from).map(choice), ["auto", "auto", "auto", "auto", "required"]);
  });

  test("the same call with the same result: told at the third, not run after the fifth, then one answer without calls", async () => {
    const { answer, seen } = await rig.ask("go round", (request, count) =>
      choice(request) === "none"
        ? say("I went in circles.")
        : call("terminal", { command: count % 2 === 0 ? "cat  n.txt" : "cat  n.txt" }),
    );
    assert.equal(answer, "I went in circles.");
    const results = toolResults(seen.at(-1));
    assert.equal(results.length, 8);
    assert.doesNotMatch(results[1] ?? "", /circles/);
    assert.match(results[2] ?? "", /Going in circles\? This same call has given the same result 3 times/);
    assert.match(results[4] ?? "", /5 times/);
    assert.match(results[5] ?? "", /^This call was not run again/);
  });

  test("two calls in turn are a circle too", async () => {
    const { seen } = await rig.ask("go to and fro", (request, count) => {
      if (choice(request) === "none" || count > 7) return say("done");
      return call("terminal", { command: count % 2 === 0 ? "echo a" : "echo b" });
    });
    assert.match(toolResults(seen.at(-1)).slice(4, 8).join("\n"), /circles/);
  });

  test("looking again and again is fine as long as something changes", async () => {
    const { answer, seen } = await rig.ask("wait for it", (_request, count) =>
      count < 9 ? call("terminal", { command: "echo x >> n.txt; wc -l n.txt" }) : say("There it is."),
    );
    assert.equal(answer, "There it is.");
    assert.doesNotMatch(toolResults(seen.at(-1)).join("\n"), /circles|not run/);
  });

  test("a call cut off by the limit is never run, and told twice at most", async () => {
    const { answer, seen } = await rig.ask("run", () => finishing("length", call("terminal", '{"command": "echo cut > cut.txt')));
    assert.equal(seen.length, 3);
    assert.match(lastOf(seen[1]), /cut off by the length limit and was not run/);
    assert.match(answer, /cut off[^]*model\.max_tokens/);
  });

  test("a text that goes round without end is stopped, kept once, and told once", async () => {
    const block = `${Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ")}. `;
    const runaway = say(`Here is what I found. ${block.repeat(200)}`, { pieces: 4_000, delayMs: 1 });
    const first = await rig.ask("tell", (_request, count) => (count === 0 ? runaway : say("That was all.")));
    assert.equal(first.answer, "That was all.");
    assert.match(lastOf(first.seen[1]), /repeated the same text/);
    const kept = String(first.seen[1]?.body.messages.at(-2)?.content);
    assert.equal(kept.replace(/\.$/, ""), `Here is what I found. ${block}`.replace(/\. $/, ""));
    assert.ok(first.seen[0]?.aborted, "the server was told to stop");
    const again = await rig.ask("tell", () => runaway);
    assert.equal(again.seen.length, 2);
    assert.match(again.answer, /^Here is what I found\. word0[^]*repeat itself without end/);
    assert.ok(again.answer.length < block.length * 2);
  });

  test("tool calls are counted: all, valid as they came, in text", async () => {
    const figure = async (kind: string) => {
      const text = await (await fetch(`${rig.origin}/metrics`)).text();
      return Number(new RegExp(`hermes_model_tool_calls_total\\{model="double",kind="${kind}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
    };
    const earlier = [await figure("all"), await figure("valid"), await figure("text")];
    await rig.ask("count", (_request, count) => {
      if (count === 0) return say('<tool_call>\n{"name": "terminal", "arguments": {"command": "true"}}\n</tool_call>');
      if (count === 1)
        return calls([
          { name: "terminal", args: { command: "true", timeout: "3" } },
          { name: "fly", args: {} },
        ]);
      return say("counted");
    });
    const later = [await figure("all"), await figure("valid"), await figure("text")];
    assert.deepEqual(
      later.map((value, at) => value - (earlier[at] ?? 0)),
      [3, 1, 1],
    );
  });
});

suite("the last step of agent.max_iterations", () => {
  let rig: TalkRig;
  before(async () => {
    rig = await openTalk({ config: "agent:\n  max_iterations: 3\n" });
  });
  after(() => rig[Symbol.asyncDispose]());
  const closing = (request: Seen) => choice(request) === "none";
  const work = () => call("terminal", { command: "echo step" });

  test("is one answer without tools", async () => {
    const { answer, seen } = await rig.ask("work", (request) => (closing(request) ? say("I did two steps.") : work()));
    assert.equal(answer, "I did two steps.");
    assert.deepEqual(seen.map(choice), ["auto", "auto", "none"]);
    assert.match(lastOf(seen[2]), /No more tools can be called/);
    assert.deepEqual(seen[2]?.body.tools, seen[0]?.body.tools, "the prefix stays");
  });

  for (const [what, step] of Object.entries({
    "calls again": work(),
    "a remark and a call": call("terminal", { command: "echo more" }, { text: "One more look." }),
    "calls in text": say('<tool_call>\n{"name": "terminal", "arguments": {"command": "rm -rf /workspace"}}\n</tool_call>'),
    "nothing at all": say(""),
  })) {
    test(`${what} at the limit: nothing more is run, and the person reads what was done`, async () => {
      const { answer, seen } = await rig.ask("work", (request) => (closing(request) ? step : work()));
      assert.equal(seen.length, 3);
      assert.match(answer, /What I did until then:[^]*echo step[^]*all of its 3 steps/);
      assert.doesNotMatch(answer, /tool_call|rm -rf/);
    });
  }

  test("a closing call that fails: the person reads what was done, and why it ended", async () => {
    const { answer } = await rig.ask("work", (request) =>
      closing(request) ? status(400, { error: { message: "no" } }) : work(),
    );
    assert.match(answer, /What I did until then:[^]*echo step[^]*⚠️/);
  });
});

suite("titles", () => {
  let rig: KillableRig;
  before(async () => {
    rig = await openTalkApart({ env: { HERMES_TITLE_GENERATION: "true" } });
  });
  after(() => rig[Symbol.asyncDispose]());
  const isTitling = (seen: Seen) => lastOf(seen).startsWith("Give this conversation a title");
  const titleIn = async (title: RegExp) => {
    for (let tries = 0; tries < 60; tries += 1) {
      const shown = await rig.askOn("/status");
      if (title.test(shown)) return shown;
      await sleep(100); // nothing tells of a title but the command that shows it
    }
    throw new Error(`never titled ${title}`);
  };

  test("a conversation gets one after its first answer, cleaned, once; another conversation has none of it", async () => {
    const { answer } = await rig.ask("Which tea is best in the morning?", (request) =>
      isTitling(request) ? say('**Title: "The best tea\u202e for mornings."**\nI hope you like it!') : say("Green tea."),
    );
    assert.equal(answer, "Green tea.");
    await titleIn(/Title: The best tea for morningsConversation/);
    await rig.askOn("and at night?");
    assert.equal(rig.model.seen.filter(isTitling).length, 1);
    assert.doesNotMatch(await rig.askOn("/new").then(() => rig.askOn("/status")), /best tea/);
  });

  test("one that does not come holds nothing up, and one that fails is the request's first words", async () => {
    await rig.ask("slow", (request) => (isTitling(request) ? { kind: "hang", when: null } : say("quick")));
    assert.equal(await rig.askOn("again"), "quick");
    await rig.ask("Which of the many teas that we have here is the best?", (request) =>
      isTitling(request) ? status(400, { error: { message: "no" } }) : say("Green."),
    );
    await titleIn(/Title: Which of the many teas that we have …/);
    assert.equal(await rig.hermes.kill("SIGTERM"), 0);
  });
});

function toolResults(seen: Seen | undefined): readonly string[] {
  return (seen?.body.messages ?? []).filter((message) => message.role === "tool").map((message) => String(message.content));
}

/** The newest tool result, where a demand stands behind it. */
function lastResult(seen: Seen): string {
  return toolResults(seen).at(-1) ?? "";
}
