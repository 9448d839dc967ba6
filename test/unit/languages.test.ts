import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { wording } from "../../adapters/words.ts";
import { languages } from "../../src/commands/languages/index.ts";
import type { Failure, FailureAbout, FailureCode } from "../../src/core/failures.ts";
import type { Language } from "../../src/core/language.ts";
import type { NoticeAbout } from "../../src/core/notices.ts";
import { answerTo } from "../../src/core/question.ts";

const [english, ...others] = languages;
const granted = ["once", "session", "always", "deny"] as const;
const han = /\p{Script=Han}/u;

/** What stands at each place of a language's words: a text, or what makes one. */
function leaves(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, `${path}/${name}`));
}

const spoken = ({ commands: _commands, help: _help, answers: _answers, code: _code, name: _name, ...rest }: Language) =>
  leaves(rest);

test("every language fills the same places, and each of them in its own words", () => {
  for (const language of others) {
    assert.deepEqual(
      spoken(language).map(([path, value]) => [path, typeof value]),
      spoken(english).map(([path, value]) => [path, typeof value]),
    );
    for (const [path, value] of spoken(language))
      if (typeof value === "string" && !path.endsWith("/locale")) assert.match(value, han, path);
  }
});

test("what goes on buttons fits the platforms', and no two of a question are alike", () => {
  for (const { code, asking, access, progress, memory } of languages) {
    const leave = Object.values(asking.leave);
    assert.equal(new Set(leave).size, leave.length, code);
    // Slack's 75 characters; Discord takes 80, Telegram more.
    for (const label of [...leave, access.letIn, access.ignore, progress.stop, `${memory.undo} 6`]) {
      assert.ok(label.trim() === label && label.length > 0 && label.length <= 75 && !label.includes("\n"), `${code}: ${label}`);
    }
    const named = granted.map((means, at) => ({ label: asking.leave[means], data: `${at}`, means }));
    const answered = (text: string) => answerTo(named, text)?.means;
    assert.deepEqual(leave.map(answered), granted, code);
    assert.deepEqual(["yes", "好", "no", "不", "4"].map(answered), ["once", "once", "deny", "deny", "deny"], code);
  }
});

const model = fc.stringMatching(/^[a-z0-9:]{1,20}$/);
const count = fc.nat({ max: 10_000 });
const server = fc.constant("127.0.0.1:8080");
const say = <const S extends string>(...words: readonly S[]) => fc.constantFrom(...words);
const abouts: fc.Arbitrary<FailureAbout> = fc.oneof(
  fc.record({ say: say("attempts", "steps"), count }),
  fc.record({ say: say("circling", "repeating", "empty", "overthought", "cut", "malformed", "unfit", "answer_room") }),
  fc.record({ say: say("struck_out"), model }),
  fc.record({ say: say("newest_long"), tokens: count }),
  fc.record({ say: say("unreachable", "loading", "key_refused", "key_missing", "no_api", "lists_none"), server }),
  fc.record({ say: say("no_model"), server, model, has: fc.array(model) }),
  fc.record({ say: say("silent"), server, seconds: count }),
  fc.record({ say: say("answered"), server, status: count }),
);
const codes = say<FailureCode>(
  "model.unreachable",
  "model.broken",
  "model.overlong",
  "turn.limit",
  "sandbox.unavailable",
  "internal",
);
const notices: fc.Arbitrary<NoticeAbout> = fc.oneof(
  fc.record({ say: say("looking"), name: model }),
  fc.record({ say: say("shortening", "loading", "without_thinking") }),
  fc.record({ say: say("shortened"), why: say("full", "cut") }),
  fc.record({ say: say("unread"), read: count, expected: count }),
  fc.record({ say: say("retrying"), code: codes, waitMs: count }),
  fc.record({ say: say("going_on"), code: codes }),
  fc.record({ say: say("instead"), code: codes, model, server }),
  fc.record({ say: say("other_mode"), mode: model }),
  fc.record({ say: say("only_model"), server, wanted: model, model }),
  fc.record({ say: say("other_address"), from: server, to: server }),
);

test("whatever goes wrong, it is told in the language of whoever asked, and what to do about it", () => {
  const message = "the server at 127.0.0.1:8080 said so";
  const told = (language: string, code: Failure["code"], about: FailureAbout | undefined) =>
    wording({
      markdown: "",
      replyTo: null,
      language,
      ending: { type: "failed", failure: { code, message, advice: "Do this.", ...(about === undefined ? {} : { about }) } },
    });
  fc.assert(
    fc.property(codes, fc.option(abouts, { nil: undefined }), notices, (code, about, notice) => {
      assert.match(told("en", code, about), /^⚠️ .+\. Do this\.$/);
      for (const language of others) {
        const words = told(language.code, code, about);
        assert.match(words, /^⚠️ .+。.+。$/);
        assert.ok(!words.includes("said so") && !words.includes("Do this"), words);
        assert.match(language.progress.notice(notice) ?? "", han);
      }
    }),
    { numRuns: 200 },
  );
});
