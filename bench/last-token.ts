import { setTimeout as sleep } from "node:timers/promises";
import { type Pace, say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, times } from "./figures.ts";
import { finalCall, openRig, type State, stateNames, states } from "./rig.ts";

interface Form {
  readonly name: string;
  readonly chat: number;
  readonly samples: number;
  /** How the answer streams: at once, or long enough for a placeholder that the answer then replaces. */
  readonly pace: Pace;
}

const forms: readonly Form[] = [
  { name: "a new message", chat: 700, samples: 60, pace: { pieces: 6 } },
  { name: "an edit of the preview", chat: -700, samples: 25, pace: { pieces: 8, delayMs: 50 } },
];
const warmUp = 5;
const betweenMs = 25;
const atMostMs = 15;

/** From the last byte of the model's stream to the request that makes the answer a message. */
export const lastToken: Row = {
  name: "last-token",
  title: "last token → final text at the platform",
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      for (const form of forms) {
        figures.push(times(`${stateNames[state]}, ${form.name}`, await measured(state, form), atMostMs));
      }
    }
    return figures;
  },
};

async function measured(state: State, form: Form): Promise<readonly number[]> {
  await using rig = await openRig(state, () => say("an answer of a few words, and then some more of them", form.pace));
  await rig.start();
  const taken: number[] = [];
  for (let number = 0; number < warmUp + form.samples; number += 1) {
    await sleep(betweenMs);
    const streamed = rig.traffic.next("answered", /\/chat\/completions$/);
    await rig.say(form.chat, `@${rig.telegram.bot.username} message ${number}`);
    const at = await streamed;
    taken.push((await rig.traffic.next("request", finalCall)) - at);
    await rig.traffic.next("answered", finalCall);
  }
  return taken.slice(warmUp);
}
