import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../test/doubles/model-server.ts";
import type { Process } from "../test/flow/service.ts";
import { type Figure, type Row, single } from "./figures.ts";
import { mouthNames } from "./mouths.ts";
import { openRig, stateNames, states } from "./rig.ts";

/** V8 tidies its heap for half a minute after the last work: that is the work's, not the idling's. */
const settleMs = 40_000;
const measureMs = 60_000;
const atMostPercent = 1;
/** What Linux counts processor time in: a hundredth of a second (USER_HZ). */
const tickMs = 10;

/** Processor time of the idle service with every platform connected. */
export const idleCpu: Row = {
  name: "idle-cpu",
  title: `processor, idle with ${mouthNames.join(", ")} on`,
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      await using rig = await openRig(state, () => say("hello yourself"), undefined, mouthNames);
      const { process } = await rig.start();
      const answered = rig.traffic.next("answered", rig.mouth.finalCall);
      await rig.say(700, "hello");
      await answered;
      await sleep(settleMs);
      const [before, began] = [await processorMs(process), performance.now()];
      await sleep(measureMs);
      const share = ((await processorMs(process)) - before) / (performance.now() - began);
      figures.push(
        single(stateNames[state], share * 100, "% of a core", { atMost: atMostPercent }, `over ${measureMs / 1_000} s`),
      );
    }
    return figures;
  },
};

/** User and system time of a process so far. */
async function processorMs({ child }: Process): Promise<number> {
  const text = await readFile(`/proc/${child.pid}/stat`, "utf8");
  // The name before it may hold spaces; after it comes the third field.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
