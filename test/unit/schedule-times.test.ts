import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asFailure } from "../../src/core/failures.ts";
import { lastInstant, nextInstant, nextInstants } from "../../src/schedules/next.ts";
import { parseTiming, splitTiming } from "../../src/schedules/times.ts";
import { zoneOf } from "../../src/schedules/zones.ts";
import { referenceInstants, type Walk, walk } from "./schedule-reference.ts";

/** Saturday afternoon in Berlin. */
const speaking = { zone: zoneOf("Europe/Berlin"), now: Date.parse("2026-11-21T16:30Z") };

/** The next instants as the wall clock of Berlin shows them. */
function shown(text: string, count = 2): readonly string[] {
  const timing = parseTiming(text, speaking);
  return nextInstants(timing, speaking.now, count).map((at) =>
    new Date(at + speaking.zone.offsetAt(at)).toISOString().slice(0, 16).replace("T", " "),
  );
}

function refusal(text: string): string {
  try {
    parseTiming(text, speaking);
  } catch (error) {
    const failure = asFailure(error);
    assert.equal(failure.code, "schedule.refused", `${text}: ${failure.message}`);
    return failure.message;
  }
  return assert.fail(`"${text}" was taken`);
}

test("times are said in many ways, in English and Chinese", () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ["0 9 * * *", "every day at 9", "daily at 9am", "每天9点", "每天早上九点", "每天上午9:00"],
      ["2026-11-22 09:00", "2026-11-23 09:00"],
    ],
    [
      ["every 2h", "every two hours", "every 120 minutes", "每两小时", "每隔2个小时", "每2小时一次"],
      ["2026-11-21 19:30", "2026-11-21 21:30"],
    ],
    [
      ["every 30m", "every half an hour", "每30分钟", "每半小时", "每半个小时", "every half hour"],
      ["2026-11-21 18:00", "2026-11-21 18:30"],
    ],
    [
      [
        "weekdays at 9am",
        "0 9 * * mon-fri",
        "mon-fri 9:00",
        "every weekday at 9",
        "工作日早上9点",
        "每个工作日9点",
        "每周一到周五九点",
        "周一到周五 9:00",
        "周一至周五早上9点",
        "星期一到五九点",
      ],
      ["2026-11-23 09:00", "2026-11-24 09:00"],
    ],
    [
      ["every monday 9:30", "mondays at 9.30am", "30 9 * * mon", "每周一上午9点半", "每星期一 9:30", "每礼拜一早上九点三十分"],
      ["2026-11-23 09:30", "2026-11-30 09:30"],
    ],
    [
      ["in 30m", "in 30 minutes", "in half an hour", "30 minutes from now", "30分钟后", "半小时后", "三十分钟以后"],
      ["2026-11-21 18:00"],
    ],
    [
      [
        "tomorrow 8:00",
        "tomorrow at 8",
        "tomorrow at 8am",
        "2026-11-22 08:00",
        "2026-11-22T07:00Z",
        "22 nov 8:00",
        "明天8点",
        "明早八点",
        "11月22日早上8点",
      ],
      ["2026-11-22 08:00"],
    ],
    [
      ["every 2 days at 9:00", "every other day at 9am", "每两天9点", "每隔一天早上九点", "隔天9点"],
      ["2026-11-22 09:00", "2026-11-24 09:00"],
    ],
    [
      ["monthly on the 1st at 9:00", "every 1st at 9", "0 9 1 * *", "每月1号9点", "每个月一号上午九点"],
      ["2026-12-01 09:00", "2027-01-01 09:00"],
    ],
    [
      ["every mon, wed and fri at 3pm", "0 15 * * 1,3,5", "每周一三五下午3点", "每周一、周三、周五15点"],
      ["2026-11-23 15:00", "2026-11-25 15:00"],
    ],
    [
      ["every day at 14:00 and 18:00", "0 14,18 * * *", "每天下午2点和6点"],
      ["2026-11-21 18:00", "2026-11-22 14:00"],
    ],
    [
      ["last day of the month at 18:00", "0 18 L * *", "每月最后一天18点"],
      ["2026-11-30 18:00", "2026-12-31 18:00"],
    ],
    [["tonight at 9", "today 21:00", "今晚9点", "今天晚上九点"], ["2026-11-21 21:00"]],
    [["next friday 9am", "下周五9点"].slice(0, 1), ["2026-11-27 09:00"]],
    [["this friday at 5pm", "next friday 17:00"], ["2026-11-27 17:00"]],
    [
      ["every day at 20:00", "every night at 8", "每晚8点", "每天晚上八点"],
      ["2026-11-21 20:00", "2026-11-22 20:00"],
    ],
    [["每早8点", "every morning at 8"], ["2026-11-22 08:00"]],
    [["每天午夜", "每天午夜12点", "every day at midnight"], ["2026-11-22 00:00"]],
    [["每天9点05", "每天9点5分", "every day at 9:05,"], ["2026-11-22 09:05"]],
    [["day after tomorrow at noon", "后天中午12点", "后天中午"], ["2026-11-23 12:00"]],
    [
      ["every other week on monday at 9", "every 2 weeks on monday 9:00"],
      ["2026-11-23 09:00", "2026-12-07 09:00"],
    ],
    [
      ["weekends at 10", "每周末10点", "0 10 * * sat,sun"],
      ["2026-11-22 10:00", "2026-11-28 10:00"],
    ],
    [
      ["weekdays at 9am Asia/Shanghai", "0 9 * * 1-5 in Asia/Shanghai", "工作日9点 Asia/Shanghai"],
      ["2026-11-23 02:00", "2026-11-24 02:00"],
    ],
  ];
  for (const [texts, expected] of cases) {
    for (const text of texts) assert.deepEqual(shown(text, expected.length), expected, text);
  }
});

test("what is impossible, ambiguous or past is refused with the mend", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["0 9 31 2 *", /never comes/],
    ["61 9 * * *", /"61" can't be the minute: that is 0–59/],
    ["0 24 * * *", /"24" can't be the hour/],
    ["0 9 * * 8", /weekday: that is 0–7 or sun–sat/],
    ["0 9 * * money", /"money" can't be the weekday/],
    ["0 0 9 * * *", /five fields.*this has 6\. Seconds/],
    ["*/0 * * * *", /step of 0/],
    ["*/90 * * * *", /"\*\/90" in the minute: .*each hour, so 60 is the longest\. Say "every 90m"/],
    ["0 5,*/30 * * *", /"\*\/30" in the hour: .*Say "every 30h"/],
    ["0 9 1-31/45 * *", /in the day of the month: .*Say "every 45 days at 9:00"/],
    ["0 9 1 */18 *", /in the month: .*Name the months/],
    ["0 9 * * */10", /in the weekday: .*Say "every 10 days at 9:00"/],
    ["30-10 * * * *", /30 is after 10/],
    ["@fortnightly", /"@fortnightly" is not known/],
    ["every day at 25:00", /There is no "25:00"/],
    ["every day at 24:00", /Midnight is 0:00/],
    ["every day at 13pm", /hours go from 1 to 12/],
    ["30 february 9:00", /no 2-30 in the calendar/],
    ["2026-02-30T10:00", /no 2026-2-30/],
    ["today 8:00", /8:00 on 2026-11-21 has passed/],
    ["2020-01-01T00:00Z", /has passed/],
    ["in 99999 days", /ten years/],
    ["in 0 minutes", /just ask/],
    ["every 10s", /shortest interval is a minute/],
    ["every 0 days at 9", /never comes/],
    ["30m", /Say "in 30m" or "every 30m"/],
    ["monday 9:00", /"next monday 9:00" or "every monday 9:00"/],
    ["at 9", /"today 9:00" or "tomorrow 9:00"/],
    ["every day", /At what time/],
    ["every monday", /At what time/],
    ["2026-12-24", /At what time on 2026-12-24/],
    ["every day at 9:00 and 18:30", /different minutes/],
    ["2027-03-28 02:30", /no 2:30 on 2027-03-28 in Europe\/Berlin.*From 3:00/],
    ["2027-10-31 02:30", /comes twice.*2027-10-31T02:30\+02:00 or 2027-10-31T02:30\+01:00/],
    ["weekdays at 9am Mars/Phobos", /"Mars\/Phobos" is not a time zone/],
    ["weekdays at 9am Europe/Shanghai", /Did you mean Asia\/Shanghai/],
    ["weekdays 9am EST", /EST means different zones/],
    ["whenever you like", /don't understand/],
    ["", /When\?/],
    ["9".repeat(500), /too long/],
    ["每天", /At what time/],
    ["每天25点", /25点/],
    ["每天晚上12点", /哪一天/],
    ["三十分钟", /一次还是重复/],
    ["每月32号9点", /没有32号/],
    ["随便什么时候", /看不懂/],
    ["周五下午5点", /“周五”是一次还是每周.*“这周五”、“下周五”或“每周五”/],
    ["每隔两天9点", /有两种理解.*“每2天”或“每3天”/],
  ];
  for (const [text, expected] of cases) assert.match(refusal(text), expected, text);
});

test("a time at the beginning of a request is told from the request", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['"0 9 * * *\\" 每日市场报告到终端', "0 9 * * *", "每日市场报告到终端"],
    ['"0 9 * * *\\" 每日市场报告到终端"', "0 9 * * *", "每日市场报告到终端"],
    ['"0 9 * * *" say "hello"', "0 9 * * *", 'say "hello"'],
    ['"0 9 * * *" daily report', "0 9 * * *", "daily report"],
    ["0 9 * * * daily report", "0 9 * * *", "daily report"],
    ["“每天9点” 日报", "每天9点", "日报"],
    ["每天9点发日报", "每天9点", "发日报"],
    ["每周一上午9点半站会提醒", "每周一上午9点半", "站会提醒"],
    ["every 2h check the build", "every 2h", "check the build"],
    ["weekdays at 9am the summary", "weekdays at 9am", "the summary"],
    ["tomorrow 8:00 in the office", "tomorrow 8:00", "in the office"],
    ["in 30m", "in 30m", ""],
    ["每天9点3条新闻", "每天9点", "3条新闻"],
    ["每天9点30条新闻", "每天9点", "30条新闻"],
    ["每天九点十条新闻", "每天九点", "十条新闻"],
    ["每天9点30分三条新闻", "每天9点30分", "三条新闻"],
    ["每天9点10分钟冥想", "每天9点", "10分钟冥想"],
    ["明天8点一起开会", "明天8点", "一起开会"],
    ["每天9点整理邮件", "每天9点", "整理邮件"],
    ["每天9点整 邮件", "每天9点整", "邮件"],
    ["每天9点半价商品", "每天9点", "半价商品"],
    ["每天9点：总结", "每天9点", "总结"],
    ["每天9点，总结", "每天9点", "总结"],
    ["每晚8点提醒我", "每晚8点", "提醒我"],
    ["every day at 9 5 facts about bees", "every day at 9", "5 facts about bees"],
    ["weekdays at 9am 3 headlines", "weekdays at 9am", "3 headlines"],
    ["every day at 9 night shift status", "every day at 9", "night shift status"],
    ["every friday at 17:00 weekly report", "every friday at 17:00", "weekly report"],
    ["every day at 9 in the evening report", "every day at 9 in the evening", "report"],
    ["every day at 9, summarise", "every day at 9", "summarise"],
    ["every day at 9: summarise", "every day at 9", "summarise"],
    ["2026-12-24 9:00 5 gifts", "2026-12-24 9:00", "5 gifts"],
  ];
  for (const [text, said, rest] of cases) {
    const found = splitTiming(text, speaking);
    assert.deepEqual([found.said, found.rest], [said, rest], text);
  }
  assert.throws(() => splitTiming("remind me of it", speaking), /can't find a time at the beginning/);
  assert.throws(() => splitTiming("monday 9:00 remind me", speaking), /Once or every week/);
});

/** Three days around each change of the clocks that is odd in its own way, and one that has none. */
const walks: readonly Walk[] = [
  walk("Europe/Berlin", "2026-03-28"),
  walk("Europe/Berlin", "2026-10-24"),
  walk("America/New_York", "2026-03-07"),
  walk("America/New_York", "2026-10-31"),
  // Half an hour.
  walk("Australia/Lord_Howe", "2026-04-04"),
  walk("Australia/Lord_Howe", "2026-10-03"),
  // At midnight.
  walk("Africa/Cairo", "2026-04-23"),
  walk("Africa/Cairo", "2026-10-29"),
  walk("America/Havana", "2026-03-07"),
  // A whole day left out.
  walk("Pacific/Apia", "2011-12-29"),
  walk("Asia/Kathmandu", "2026-06-01"),
];

/** A field's text: stars, values, ranges, steps as long as the field and names, alone or as a list. */
const field = (least: number, most: number, names: readonly string[] = []) => {
  const number = fc.integer({ min: least, max: most }).map(String);
  const value = names.length === 0 ? number : fc.oneof(number, fc.constantFrom(...names));
  const step = fc.integer({ min: 1, max: most - least + 1 });
  const upwards = fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));
  const range = upwards.map((ends) => ends.toSorted((a, b) => a - b).join("-"));
  // With names it may go around the end.
  const around = names.length === 0 ? range : fc.tuple(value, value).map((ends) => ends.join("-"));
  const stepped = fc.tuple(fc.oneof(fc.constant("*"), value, around), step).map(([from, every]) => `${from}/${every}`);
  const part = fc.oneof(value, around, stepped);
  const list = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(","));
  return fc.oneof(
    fc.constant("*"),
    step.map((every) => `*/${every}`),
    list,
  );
};
const sparse = (text: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant("*") }, { weight: 1, arbitrary: text });
const days = fc.oneof(field(1, 31), fc.constantFrom("l", "L", "l,29", "29-31,1,25", "?"));
const months = field(1, 12, ["jan", "march", "oct", "november", "dec"]);
const expressions = fc
  .tuple(field(0, 59), field(0, 23), sparse(days), sparse(months), sparse(field(0, 7, ["sun", "mon", "thursday", "sat"])))
  .map((fields) => fields.join(" "));

test("a cron expression's instants are those of a walk through every minute, also where the clocks change", () => {
  const property = fc.property(fc.constantFrom(...walks), expressions, fc.nat({ max: 4_000 }), (walked, expression, start) => {
    const expected = referenceInstants(walked, expression);
    const after = walked.from + start * 60_000 - 1;
    const timing = { type: "cron", expression, zone: walked.zone } as const;
    const wanted = expected.filter((at) => at > after).slice(0, 12);
    // One more than there are in these days: it must come later.
    const got = nextInstants(timing, after, Math.min(12, wanted.length + 1)).filter((at) => at < walked.from + 3 * 86_400_000);
    assert.deepEqual(got.map(iso), wanted.map(iso), `${expression} ${walked.zone}`);
  });
  fc.assert(property, { numRuns: 200 });
});

test("the last instant before a moment is the one that the next ones end with", () => {
  const property = fc.property(fc.constantFrom(...walks), expressions, fc.nat({ max: 4_000 }), (walked, expression, minutes) => {
    const timing = { type: "cron", expression, zone: walked.zone } as const;
    const until = walked.from + minutes * 60_000;
    const all: number[] = [];
    for (let at = nextInstant(timing, walked.from - 1); at !== null && at <= until; at = nextInstant(timing, at)) all.push(at);
    assert.equal(lastInstant(timing, walked.from - 1, until), all.at(-1) ?? null);
  });
  fc.assert(property, { numRuns: 20 });
});

test("hostile text is refused in words or read, never worse, and quickly", () => {
  const pieces = fc.constantFrom(
    ..."every each 每 每周 一 半 个 小时 9 99999999999 : - , * / at in of monday 点 分 天 后 @ 00 am 12 next day\u202e \0 😀 周 周一到 month l".split(
      " ",
    ),
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join(" ")),
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join("")),
  );
  const property = fc.property(texts, (text) => {
    for (const read of [parseTiming, splitTiming]) {
      try {
        read(text, speaking);
      } catch (error) {
        assert.equal(asFailure(error).code, "schedule.refused", `${text}: ${asFailure(error).message}`);
      }
    }
  });
  fc.assert(property, { numRuns: 300 });
});

function iso(at: number): string {
  return new Date(at).toISOString();
}
