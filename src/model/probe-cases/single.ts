import { call, type Family, type Five, like, path, said, same } from "./case.ts";

/** The agent's own tools, of which four are offered in most cases. */
export const own = ["memory", "read_file", "terminal", "write_file"] as const;

const commands: Five<string> = ["uname -a", "df -h /tmp", "git status --short", "date -u", "python3 --version"];
const files: Five<string> = ["notes/todo.md", "README.md", "src/main.py", "data/prices.csv", "docs/plan 2027.txt"];
const lines: Five<string> = ["Hello, team", "Open on Sundays", "Version 2 is out", "See you in Vienna", "Nothing to report"];
const likings: Five<readonly [string, RegExp]> = [
  ["I prefer tea to coffee", /tea/i],
  ["my time zone is Tokyo's", /tokyo/i],
  ["I write Kotlin, not Java", /kotlin/i],
  ["I want answers in French", /french|français/i],
  ["my daughter is called Ida", /ida/i],
];

/** One obvious call, with four tools to choose from. */
export const single: readonly Family[] = [
  (variant, pick) => ({
    name: "run a command as given",
    messages: [said(`Run this shell command and nothing else: ${commands[variant]}`)],
    tools: pick(...own),
    expected: call("terminal", { command: same(commands[variant]) }),
  }),
  (variant, pick) => ({
    name: "read a file",
    messages: [said(`Read the file ${files[variant]} and tell me what it says.`)],
    tools: pick(...own),
    expected: call("read_file", { path: path(files[variant]) }),
  }),
  (variant, pick) => ({
    name: "write a file",
    messages: [said(`Write a file hello.txt that holds exactly this one line: ${lines[variant]}`)],
    tools: pick(...own),
    expected: call("write_file", { path: path("hello.txt"), content: same(lines[variant]) }),
  }),
  (variant, pick) => ({
    name: "remember something",
    messages: [said(`Please remember this about me for later conversations: ${likings[variant][0]}.`)],
    tools: pick(...own),
    expected: call("memory", { action: same("add"), target: like(/./), content: like(likings[variant][1]) }),
  }),
];
