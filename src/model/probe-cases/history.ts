import type { ModelMessage } from "../../core/model.ts";
import { call, type Family, type Five, path, said, same, words } from "./case.ts";
import { own } from "./single.ts";

const claims: Five<readonly [string, string, string]> = [
  ["Which city is the capital of France", "The capital of France is Lyon.", "Lyon"],
  ["How many days has a week", "A week has nine days.", "nine|9"],
  ["What colour is the sky", "The sky is green.", "green"],
  ["Who wrote Hamlet", "Hamlet was written by Jane Austen.", "Austen"],
  ["At how many degrees does water boil", "Water boils at 60 degrees.", "60|sixty"],
];
const moved: Five<readonly [string, string]> = [
  ["report.txt", "reports/report-2027.txt"],
  ["main.py", "src/app/main.py"],
  ["todo.md", "notes/todo-list.md"],
  ["prices.csv", "data/2027/prices.csv"],
  ["config.yml", "etc/config.yaml"],
];
const late: Five<string> = ["uptime", "whoami", "free -m", "hostname -f", "id -un"];

/** After earlier calls: results count for more than what the model believes, errors are mended, and long prompts don't confuse. */
export const later: readonly Family[] = [
  (variant, pick) => ({
    name: "a result against common knowledge",
    messages: after(
      `${claims[variant][0]}, according to facts.txt? Answer in a few words.`,
      "facts.txt",
      `1|${claims[variant][1]}`,
    ),
    tools: pick(...own),
    expected: words(new RegExp(claims[variant][2], "i")),
  }),
  (variant, pick) => ({
    name: "a second try after an error",
    messages: after(
      `Read the file ${moved[variant][0]}.`,
      moved[variant][0],
      `Error: there is no ${moved[variant][0]}; there is a file ${moved[variant][1]}. Read that one instead.`,
    ),
    tools: pick(...own),
    expected: call("read_file", { path: path(moved[variant][1]) }),
  }),
  (variant, pick) => ({
    name: "a call after a long text",
    messages: [
      said(`${filler(variant)}\n\nLeave these minutes aside for now. Run this shell command and nothing else: ${late[variant]}`),
    ],
    tools: pick(...own),
    expected: call("terminal", { command: same(late[variant]) }),
  }),
];

/** A file has been read, with this result. */
function after(asked: string, file: string, result: string): readonly ModelMessage[] {
  const [id, name] = ["Probe0001", "read_file"];
  const calls = [{ id, name, arguments: JSON.stringify({ path: file }) }];
  return [
    said(asked),
    { role: "assistant", content: "", reasoning: "", calls },
    { role: "tool", call: id, name, content: result },
  ];
}

/** Some 4,000 tokens. */
function filler(variant: number): string {
  const people = ["Vera", "Jonas", "Amina", "Pieter", "Sofia", "Tomasz"];
  const lines = Array.from(
    { length: fillerLines },
    (_, index) =>
      `${people[(index + variant) % people.length]} said that item ${index + 1} of the list was discussed at length and put off until the next meeting.`,
  );
  return `Minutes of the meeting:\n${lines.join("\n")}`;
}

const fillerLines = 150;
