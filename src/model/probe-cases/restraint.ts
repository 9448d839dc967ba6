import { type Family, type Five, said, words } from "./case.ts";
import { own } from "./single.ts";

const greetings: Five<string> = [
  "Good morning! How are you?",
  "Hi there!",
  "Thanks, that was all.",
  "Nice to meet you.",
  "你好！",
];
const curious: Five<string> = [
  "Which tools do you have? Just name them, without using any.",
  "What can you do for me? One sentence, please.",
  "Could you read files if I asked you to? Yes or no.",
  "Do you have a shell? Just say yes or no.",
  "Tell me the names of your tools, but don't use them.",
];
const explained: Five<string> = [
  "Don't run anything. In one sentence: what would `rm -rf build` do?",
  "Without running it: what does `df -h` print?",
  "Explain `git rebase` in one sentence. Do not execute anything.",
  "Only explain, don't execute: `ps aux | head`",
  "What would `chmod 600 key.pem` do? Don't run it.",
];

/** Nothing is to be called. */
export const restraint: readonly Family[] = [
  ["a greeting", greetings] as const,
  ["a question about the tools", curious] as const,
  ["an explanation instead of a deed", explained] as const,
].map(([name, wordings]): Family => (variant, pick) => ({
  name,
  messages: [said(wordings[variant])],
  tools: pick(...own),
  expected: words(/\S/),
}));
