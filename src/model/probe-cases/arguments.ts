import { isDeepStrictEqual } from "node:util";
import { call, type Expected, type Family, type Five, jsonText, like, number, path, said, same } from "./case.ts";
import { made } from "./similar.ts";
import { own } from "./single.ts";

const text = { type: "string" };
const ticket = made("create_ticket", "Open a ticket for the help desk.", {
  title: text,
  priority: { type: "string", enum: ["low", "normal", "high"] },
  assignee: { type: "object", properties: { name: text, team: text }, required: ["name", "team"], additionalProperties: false },
  labels: { type: "array", items: text },
});
const members = made("list_members", "List everybody in the team.", {});

const spans: Five<readonly [number, number]> = [
  [200, 50],
  [1_001, 20],
  [37, 5],
  [5_000, 100],
  [12, 300],
];
const past: Five<string> = ["jazz", "sailing", "Madrid", "night trains", "chess"];
const tickets: Five<readonly [string, string, string]> = [
  ["Broken printer", "Mia", "Support"],
  ["No network in room 4", "Omar", "Infrastructure"],
  ["Cracked screen", "Lena", "Hardware"],
  ["Slow laptop", "Raj", "Support"],
  ["Locked account", "Eve", "Security"],
];
const oddities: Five<string> = [
  'C:\\new\\table says "hello"\n你好，世界',
  'path = "D:\\temp\\readme"\n它是一个测试',
  "it's 100 % \\n literal\nÄpfel & Öl",
  'echo "a\\tb" > out\nπ ≈ 3.14',
  'regex: ^\\d+\\.\\w"$\nНаташа',
];
const pairs: Five<readonly [string, string]> = [
  ["a.txt", "b.txt"],
  ["north.csv", "south.csv"],
  ["old/plan.md", "new/plan.md"],
  ["client.py", "server.py"],
  ["may.log", "june.log"],
];
const settings: Five<unknown> = [
  { a: [1, { b: "}" }], c: "</x>" },
  { list: [[1], [2, [3]]], text: "{" },
  { url: "http://x/?a=1&b=2", on: true },
  { empty: {}, none: null, quote: '"' },
  { tag: "<b>", rows: [{ id: 1 }, { id: 2 }] },
];
const questions: Five<string> = [
  "Who is in the team?",
  "List the team members.",
  "Show me everybody in the team.",
  "Name all members.",
  "How many are we? List all.",
];

/** Arguments of every shape. */
export const shapes: readonly Family[] = [
  (variant, pick) => ({
    name: "whole numbers",
    messages: [said(`Read ${spans[variant][1]} lines of server.log, beginning at line ${spans[variant][0]}.`)],
    tools: pick(...own),
    expected: call("read_file", {
      path: path("server.log"),
      offset: number(spans[variant][0]),
      limit: number(spans[variant][1]),
    }),
  }),
  (variant, pick) => ({
    name: "words of a fixed list",
    messages: [said(`Remove the entry of my user profile in which "likes ${past[variant]}" stands.`)],
    tools: pick(...own),
    expected: call("memory", { action: same("remove"), target: same("user"), old_text: like(new RegExp(past[variant], "i")) }),
  }),
  (variant) => ({ ...nested(tickets[variant]), tools: [ticket, members] }),
  (variant, pick) => ({
    name: "quotes, backslashes, line ends, other scripts",
    messages: [
      said(`Write a file odd.txt with exactly these two lines, every character as it stands here:\n${oddities[variant]}`),
    ],
    tools: pick(...own),
    expected: call("write_file", { path: path("odd.txt"), content: same(oddities[variant]) }),
  }),
  (variant) => ({
    name: "no arguments at all",
    messages: [said(questions[variant])],
    tools: [ticket, members],
    expected: call("list_members", {}),
  }),
  (variant, pick) => ({
    name: "two calls at once",
    messages: [said(`Read both files, ${pairs[variant][0]} and ${pairs[variant][1]}, with two calls at the same time.`)],
    tools: pick(...own),
    expected: both(pairs[variant]),
  }),
  (variant, pick) => ({
    name: "JSON within an argument",
    messages: [said(`Write a file config.json whose whole content is this JSON: ${JSON.stringify(settings[variant])}`)],
    tools: pick(...own),
    expected: call("write_file", { path: path("config.json"), content: jsonText(settings[variant]) }),
  }),
];

function nested([title, name, team]: readonly [string, string, string]) {
  const wanted = `Open a ticket "${title}" for ${name} of the team ${team}, priority high, labels office and urgent.`;
  const assignee = (value: unknown): boolean => isDeepStrictEqual(value, { name, team });
  const labels = (value: unknown): boolean =>
    Array.isArray(value) && isDeepStrictEqual(new Set(value), new Set(["office", "urgent"]));
  return {
    name: "an object and a list",
    messages: [said(wanted)],
    expected: call("create_ticket", { title: like(new RegExp(title, "i")), priority: same("high"), assignee, labels }),
  };
}

function both([one, other]: readonly [string, string]): Expected {
  return { type: "calls", calls: [one, other].map((file) => ({ name: "read_file", args: { path: path(file) } })) };
}
