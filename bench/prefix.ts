import { call, say, type Seen } from "../test/doubles/model-server.ts";
import { type Row, single } from "./figures.ts";
import { finalCall, openRig } from "./rig.ts";

const turns = 20;
const atLeastPercent = 99.5;

/** How much of a request's bytes stands unchanged at the beginning of the next one: what a server's prefix cache can reuse. */
export const prefix: Row = {
  name: "prefix",
  title: "byte-identical prefix, plain and tool turns",
  async measure() {
    await using rig = await openRig("embedded", (seen) =>
      seen.body.messages.at(-1)?.role === "user" && lastText(seen).includes("command")
        ? call("terminal", { command: "echo $((6 * 7))" }, { text: "I'll run it." })
        : say("an answer of a few words"),
    );
    await rig.start();
    for (let number = 0; number < turns; number += 1) {
      const answered = rig.traffic.next("answered", finalCall);
      await rig.say(700, number % 2 === 0 ? `question ${number}` : `run command ${number}`);
      await answered;
    }
    const requests = rig.model.seen.map(serialised);
    const shares = requests.slice(1).map((next, index) => sharedBytes(requests[index] ?? "", next));
    const whole = (100 * sum(shares.map(({ shared }) => shared))) / sum(shares.map(({ bytes }) => bytes));
    const worst = 100 * Math.min(...shares.map(({ shared, bytes }) => shared / bytes));
    const note = `${requests.length} requests of ${turns} turns; the worst one ${worst.toFixed(2)} %`;
    return [single("of the previous request", whole, "%", { atLeast: atLeastPercent }, note)];
  },
};

/** In the order in which chat templates lay a request out: tools, then messages. */
function serialised({ body }: Seen): string {
  return [...(body.tools ?? []), ...body.messages].map((part) => JSON.stringify(part)).join("\n");
}

function sharedBytes(before: string, after: string): { readonly shared: number; readonly bytes: number } {
  const [one, other] = [Buffer.from(before), Buffer.from(after)];
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared += 1;
  return { shared, bytes: one.length };
}

function lastText(seen: Seen): string {
  return seen.body.messages.at(-1)?.content ?? "";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
