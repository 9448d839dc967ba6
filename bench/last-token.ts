import { setTimeout as sleep } from "node:timers/promises";
import { type Pace, say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, times } from "./figures.ts";
import { type MouthName, mouthNames } from "./mouths.ts";
import { openRig, startOverMs, type State, stateNames, states } from "./rig.ts";

interface Form {
  readonly name: string;
  readonly platform: MouthName;
  /** The first of the chats that speak in turns: no platform takes this many answers in one. Telegram's groups are negative. */
  readonly chat: number;
  readonly samples: number;
  /** How the answer streams: at once, or long enough for a placeholder that the answer then replaces. */
  readonly pace: Pace;
}

const atOnce: Pace = { pieces: 6 };
const slowly: Pace = { pieces: 8, delayMs: 50 };

const forms: readonly Form[] = [
  ...mouthNames.map((platform) => ({ name: `${platform}, a new message`, platform, chat: 700, samples: 60, pace: atOnce })),
  { name: "Telegram, an edit of the preview", platform: "Telegram", chat: -700, samples: 25, pace: slowly },
  { name: "Discord, an edit of the preview", platform: "Discord", chat: 700, samples: 25, pace: slowly },
];
const chats = 40;
const warmUp = 5;
const betweenMs = 25;
const answer = "an answer of a few words, and then some more of them";
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
  await using rig = await openRig(state, () => say(answer, form.pace), undefined, [form.platform]);
  await rig.start();
  await sleep(startOverMs);
  const taken: number[] = [];
  for (let number = 0; number < warmUp + form.samples; number += 1) {
    await sleep(betweenMs);
    const streamed = rig.traffic.next("answered", /\/chat\/completions$/);
    const mention = form.chat < 0 ? `@${rig.telegram.bot.username} ` : "";
    await rig.say(form.chat + Math.sign(form.chat) * (number % chats), `${mention}message ${number}`);
    const at = await streamed;
    taken.push((await rig.traffic.next("request", rig.mouth.finalCall)) - at);
    await rig.traffic.next("answered", rig.mouth.finalCall);
  }
  return taken.slice(warmUp);
}
