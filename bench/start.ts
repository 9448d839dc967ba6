import { say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, single, times } from "./figures.ts";
import { openRig, stateNames, states } from "./rig.ts";

const starts = 7;
const atMostMs = 1_500;

/** From the spawn of the process to its first poll. */
export const start: Row = {
  name: "start",
  title: "start → polling the platform",
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      await using rig = await openRig(state, () => say("unused"));
      const taken: number[] = [];
      for (let number = 0; number <= starts; number += 1) {
        const { process, ms } = await rig.start();
        taken.push(ms);
        await process.printed(/Open http/);
        await process.kill("SIGTERM");
      }
      const [first = Number.NaN, ...rest] = taken;
      figures.push(times(`${stateNames[state]}, existing home`, rest, atMostMs));
      figures.push(single(`${stateNames[state]}, very first start`, first, "ms", null));
    }
    return figures;
  },
};
