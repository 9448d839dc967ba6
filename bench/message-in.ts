import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, times } from "./figures.ts";
import { type MouthName, mouthNames } from "./mouths.ts";
import { openRig, startOverMs, type State, stateNames, states } from "./rig.ts";

/** So many chats speak in turns: no platform takes this many answers in one. Each is warm after its first message. */
const chats = 40;
const samples = 80;
const betweenMs = 25;
const atMostMs: Readonly<Record<State, number>> = { embedded: 15, servers: 10 };

/** From an event that is there to be handed out to its model request, read to the end by the model server. */
export const messageIn: Row = {
  name: "message-in",
  title: "message in → model request out",
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      for (const platform of mouthNames) {
        const [first, ...rest] = await measured(state, platform);
        const note = `the first message after a start took ${Math.round(first ?? Number.NaN)} ms`;
        figures.push(times(`${stateNames[state]}, ${platform}`, rest.slice(chats - 1), atMostMs[state], note));
      }
    }
    return figures;
  },
};

async function measured(state: State, platform: MouthName): Promise<readonly number[]> {
  await using rig = await openRig(state, () => say("an answer of a few words", { pieces: 4 }), undefined, [platform]);
  await rig.start();
  const taken: number[] = [];
  for (let number = 0; number < chats + samples; number += 1) {
    await sleep(number === 1 ? startOverMs : betweenMs);
    const answered = rig.traffic.next("answered", rig.mouth.finalCall);
    const at = await rig.say(700 + (number % chats), `message ${number}`);
    await rig.model.arrived(number + 1);
    taken.push((rig.model.seen[number]?.at ?? Number.NaN) - at);
    await answered;
  }
  return taken;
}
