import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, single } from "./figures.ts";
import { finalCall, openRig, residentMb, type State, stateNames, states } from "./rig.ts";

const idleMs = 10_000;
const atMostMb: Readonly<Record<State, number>> = { embedded: 220, servers: 150 };

/** Resident memory of the idle service, Telegram on, some time after its first answer. */
export const memory: Row = {
  name: "memory",
  title: "resident memory, idle with Telegram on",
  async measure() {
    const figures: Figure[] = [];
    for (const state of states) {
      await using rig = await openRig(state, () => say("hello yourself"));
      // The second start is the common one: nothing is made for the first time.
      await (await rig.start()).process.kill("SIGTERM");
      const { process } = await rig.start();
      const answered = rig.traffic.next("answered", finalCall);
      await rig.say(700, "hello");
      await answered;
      await sleep(idleMs);
      const note = `VmRSS ${idleMs / 1_000} s after the first answer, MB of 10^6`;
      figures.push(single(stateNames[state], await residentMb(process), "MB", { atMost: atMostMb[state] }, note));
    }
    return figures;
  },
};
