import { call, say, type Seen } from "../../doubles/model-server.ts";
import type { Driver, Line, Talk } from "./driver.ts";

const skill = `---
name: greeting
description: Greet people as this team does
---
# Greeting
Say good day, and then their name.
`;
const goals = ["look at alpha", "look at beta", "look at gamma"];

/** What the model answers in the walk-through; null for whatever else is said. */
export function learningAnswer({ body: { messages } }: Seen) {
  const system = String(messages[0]?.content);
  const asked = String(messages.findLast(({ role }) => role === "user")?.content ?? "");
  if (system.includes("You are a subagent")) return say(`I did ${goals.find((goal) => asked.includes(goal)) ?? "nothing"}`);
  if (messages.at(-1)?.role === "tool") return null;
  if (asked.includes("remember that"))
    return call("memory", { action: "add", target: "user", content: "Likes answers to be short." });
  if (asked.includes("what do you know"))
    return say(system.includes("Likes answers to be short") ? "You like it short." : "Nothing.");
  if (asked.includes('[The skill "k8s"')) return say("Look at the pods first.");
  if (asked.includes("as a skill")) return call("skill_manage", { action: "create", name: "greeting", content: skill });
  if (asked.includes("three things at once")) return call("delegate_task", { tasks: goals.map((goal) => ({ goal })) });
  if (asked.includes("tell of the day")) return say("The day is fine.");
  return null;
}

const has = (talk: Talk, text: RegExp) =>
  talk.until((lines: readonly Line[]) => lines.some((line) => line.written && text.test(line.text)));
const offers = (talk: Talk, label: string) => talk.until((lines) => lines.some(({ buttons }) => buttons.includes(label)));

/** docs/walk-through.md, step by step. */
export async function walkThrough(driver: Driver): Promise<void> {
  const talk = await driver.talk();
  // Slack keeps lines that begin with a slash to itself.
  const slash = driver.platform === "slack" ? "!" : "/";

  await talk.say("please remember that I like it short");
  await has(talk, /came: Added/);
  await talk.command("new");
  await talk.until((lines) => lines.length >= 2);
  await talk.say("what do you know of me?");
  await has(talk, /You like it short\./);

  await talk.say(`${slash}skills install k8s --mine`);
  await has(talk, /k8s.{0,3} is installed/);
  await talk.say(`${slash}skill k8s why is web down?`);
  await has(talk, /Look at the pods first\./);

  await talk.say("write down how to greet as a skill");
  await offers(talk, "Keep for me");
  await talk.press("Keep for me");
  await has(talk, /greeting.{0,3} is installed/);

  const [room] = driver.lacks["thread"] === undefined ? await driver.threads() : [talk];
  await room.say("how many?");
  await has(room, /I know of \d/);
  await room.say(`${slash}cron add "0 9 * * *" tell of the day --name daily`);
  await offers(room, "Save");
  await room.press("Save");
  await has(room, /daily.{0,3} is saved as/);
  await room.say(`${slash}cron run daily`);
  await has(room, /daily[^]*The day is fine\./);

  await talk.say("do three things at once");
  await has(talk, /came: [^]*I did look at alpha[^]*I did look at beta[^]*I did look at gamma/);
}
