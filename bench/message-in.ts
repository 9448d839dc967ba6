import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, times } from "./figures.ts";
import { finalCall, openRig, type State, stateNames, states } from "./rig.ts";

const warmUp = 10;
const samples = 60;
const betweenMs = 25;
const atMostMs: Readonly<Record<State, number>> = { embedded: 15, servers: 10 };

/** From an update that is there for a waiting poll to its model request, read to the end by the model server. */
export const messageIn: Row = {
  name: "message-in",
  title: "message in → model request out",
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      const [first, ...rest] = await measured(state);
      const note = `the first message after a start took ${Math.round(first ?? Number.NaN)} ms`;
      figures.push(times(stateNames[state], rest.slice(warmUp - 1), atMostMs[state], note));
    }
    return figures;
  },
};

async function measured(state: State): Promise<readonly number[]> {
  await using rig = await openRig(state, () => say("an answer of a few words", { pieces: 4 }));
  await rig.start();
  const taken: number[] = [];
  for (let number = 0; number < warmUp + samples; number += 1) {
    await sleep(betweenMs);
    const answered = rig.traffic.next("answered", finalCall);
    const at = await rig.say(700, `message ${number}`);
    await rig.model.arrived(number + 1);
    taken.push((rig.model.seen[number]?.at ?? Number.NaN) - at);
    await answered;
  }
  return taken;
}
