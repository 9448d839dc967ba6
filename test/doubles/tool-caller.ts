import { call, calls, say, type Seen, status, type Step, type StreamStep } from "./model-server.ts";

/** A call as a model would make it. */
interface Wanted {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a model that calls tools perfectly answers to the doctor's cases: calls, or words. */
function solve(seen: Seen): readonly Wanted[] | string {
  const { messages, tools = [] } = seen.body;
  const last = messages.at(-1);
  const asked = String(messages.findLast((message) => message.role === "user")?.content ?? "");
  const offered = new Set(tools.map((tool) => tool.function.name));
  if (last?.role === "tool") return afterResult(String(last.content));
  for (const [pattern, answer] of rules) {
    const match = pattern.exec(asked);
    if (match !== null) return answer(...match.slice(1));
  }
  return offered.has("list_members") ? [{ name: "list_members", args: {} }] : "Of course.";
}

/** The perfect model as a responder: streams calls as its server should, and gives a whole answer where that is asked for. */
export function perfect(seen: Seen): Step {
  const solved = solve(seen);
  if (seen.body.stream === false) return whole(solved);
  return typeof solved === "string" ? say(solved) : calls(solved);
}

/** The same model behind a server that does not recognise calls: they come as text. */
export function textual(seen: Seen): StreamStep {
  const solved = solve(seen);
  if (typeof solved === "string") return say(solved);
  const forms = solved.map(({ name, args }) => `<tool_call>\n${JSON.stringify({ name, arguments: args })}\n</tool_call>`);
  return say(forms.join("\n"));
}

/** A model that always takes the first tool, with no arguments. */
export function clumsy(seen: Seen): StreamStep {
  const [first] = seen.body.tools ?? [];
  return first === undefined ? say("Hm.") : call(first.function.name, {});
}

function afterResult(result: string): readonly Wanted[] | string {
  const better = /there is a file (.+?)\. Read/.exec(result)?.[1];
  return better === undefined ? result : [{ name: "read_file", args: { path: better } }];
}

type Rule = readonly [RegExp, (...parts: readonly string[]) => readonly Wanted[]];

const rules: readonly Rule[] = [
  [/Run this shell command and nothing else: (.*)$/, (command) => one("terminal", { command })],
  [/^Read the file (.+?) and tell/, (path) => one("read_file", { path: `/workspace/${path}` })],
  [
    /hello\.txt that holds exactly this one line: (.*)/,
    (content) => one("write_file", { path: "hello.txt", content: `${content}\n` }),
  ],
  [/remember this about me.*: (.*)\./, (content) => one("memory", { action: "add", target: "user", content, old_text: "" })],
  [/It should say: (.*)/, (text) => one("send_message", { to: "Anna", text })],
  [/Subject: (.*?)\. Text: (.*)/, (subject, body) => one("draft_email", { to: "tom@example.com", subject, body })],
  [/for the word "(.*)"/, (query) => one("find_messages", { query })],
  [
    /Read (\d+) lines of (\S+), beginning at line (\d+)/,
    (limit, path, offset) => one("read_file", { path, offset: Number(offset), limit }),
  ],
  [/"likes (.*?)"/, (what) => one("memory", { action: "remove", target: "user", old_text: `likes ${what}` })],
  [
    /Open a ticket "(.*?)" for (\w+) of the team (\w+)/,
    (title, name, team) =>
      one("create_ticket", { title, priority: "high", assignee: { team, name }, labels: ["office", "urgent"] }),
  ],
  [/as it stands here:\n([^]*)/, (content) => one("write_file", { path: "odd.txt", content })],
  [/Read both files, (\S+) and (\S+), with/, (a, b) => [...one("read_file", { path: a }), ...one("read_file", { path: b })]],
  [/is this JSON: (.*)/, (text) => one("write_file", { path: "config.json", content: text })],
];

function one(name: string, args: Readonly<Record<string, unknown>>): readonly Wanted[] {
  return [{ name, args }];
}

function whole(solved: readonly Wanted[] | string): Step {
  const tool_calls = (typeof solved === "string" ? [] : solved).map(({ name, args }, index) => ({
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const content = typeof solved === "string" ? solved : null;
  return status(200, { choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content, tool_calls } }] });
}
