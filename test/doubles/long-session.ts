import { call, say, type Seen, type Step } from "./model-server.ts";
import { isSummary, within } from "./windowed.ts";

// Thirty turns of two people in one group: plain answers, tool calls, a memory write, a skill that is proposed, and enough text for one summary.

const vocabulary =
  "the plan needs a second look because every part of it depends on what was measured last week in both places".split(" ");

/** A group, and the two who write in it. */
export const group = -900;
const writers = [
  { id: 101, name: "Ann" },
  { id: 102, name: "Bob" },
] as const;

/** The window of the model, which the session outgrows once. */
export const sessionWindow = 14_336;
/** What is saved in the middle of it. */
export const saved = "Releases go out on Thursdays.";
const turns = 30;
const memoryTurn = 8;
/** Where the agent proposes a skill. */
export const skillTurn = 11;

/** What is said in turn `number`, and by whom. */
function said(number: number): { readonly from: (typeof writers)[number]; readonly text: string } {
  const from = number % 3 === 2 ? writers[1] : writers[0];
  if (number === memoryTurn) return { from, text: `turn ${number}: keep in mind what we agreed on` };
  const wish = number % 3 === 1 ? "run the command" : "explain it";
  return { from, text: `turn ${number}: ${wish}, please. ${words(number, 120)}` };
}

/** All turns in order. */
export const conversation = Array.from({ length: turns }, (_, number) => said(number));

/** A title is asked for. */
export function isTitling({ body }: Seen): boolean {
  return String(body.messages.at(-1)?.content ?? "").startsWith("Give this conversation a title");
}

/** The model's part, with honest counts and a window. `answered` is told the number of each turn that gets its last words. */
export function sessionModel(answered: (turn: number) => void): (seen: Seen) => Step {
  return (seen) =>
    within(sessionWindow, seen, () => {
      if (isTitling(seen)) return say("A long talk");
      if (isSummary(seen)) return say("- Asked for: explanations, and commands to be run\n- Done: all of it, up to here");
      const turn = turnOf(seen);
      const wanted = seen.body.messages.at(-1)?.role === "user" ? callFor(turn) : null;
      if (wanted !== null) return wanted;
      answered(turn);
      return say(`The answer to turn ${turn}. ${words(turn + 1_000, 200)}`, { pieces: 20 });
    });
}

function callFor(turn: number): Step | null {
  if (turn === memoryTurn) return call("memory", { action: "add", target: "memory", content: saved });
  if (turn === skillTurn) {
    const content = "---\nname: weekly\ndescription: Weekly numbers\n---\nLook at last week first.";
    return call("skill_manage", { action: "create", name: "weekly", content });
  }
  return turn % 3 === 1
    ? call("terminal", { command: `seq ${turn} ${turn + 60} | tr '\\n' ' '` }, { text: "I'll run it." })
    : null;
}

function turnOf({ body }: Seen): number {
  const asked = body.messages.findLast((message) => message.role === "user" && /\bturn \d+:/.test(String(message.content)));
  return Number(/[^]*\bturn (\d+):/.exec(String(asked?.content))?.[1] ?? Number.NaN);
}

/** Text that is the same each time, and nowhere repeats itself. */
function words(seed: number, count: number): string {
  let state = seed + 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647; // Park and Miller's generator
    return vocabulary[state % vocabulary.length];
  }).join(" ");
}
