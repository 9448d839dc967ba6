import { say } from "../test/doubles/model-server.ts";
import { type Figure, type Row, single } from "./figures.ts";
import { type MouthName, mouthNames } from "./mouths.ts";
import { openRig, residentMb } from "./rig.ts";
import { loopDelayMs } from "./streaming.ts";

const chats = 200;
const tokensPerSecond = 20;
const seconds = 12;
const ending = "the end.";
const patienceMs = 120_000;

/** As many chats as a team has, all at once: is anything sent past a limit, and how late is the last answer? */
export const manyChats: Row = {
  name: "crowd",
  title: `${chats} chats streaming at once on one platform, ${tokensPerSecond} tokens/s each`,
  async measure() {
    const figures: Figure[] = [];
    for (const platform of mouthNames) figures.push(...(await measured(platform)));
    return figures;
  },
};

async function measured(platform: MouthName): Promise<readonly Figure[]> {
  const pieces = tokensPerSecond * seconds;
  const words = `${Array.from({ length: pieces - 2 }, (_, index) => `word${index}`).join(" ")} ${ending}`;
  const config = `agent: {worker_concurrency: ${chats}}\nmodel: {concurrency: ${chats}}\n`;
  const pace = { pieces, delayMs: 1_000 / tokensPerSecond };
  await using rig = await openRig("embedded", () => say(words, pace), config, [platform]);
  const { process } = await rig.start();
  const page = (await process.printed(/Open (http:\S+)/))[1] ?? "";
  for (let chat = 0; chat < chats; chat += 1) await rig.say(1_000 + chat, "tell me a story");
  await rig.model.arrived(chats);
  const began = performance.now();
  await loopDelayMs(page); // begins a new reading
  await rig.mouth.answered(chats, ending, patienceMs);
  const late = (performance.now() - began) / 1_000 - seconds;
  const [delay, memory] = [await loopDelayMs(page), await residentMb(process)];
  return [
    single(`${platform}, refused as too much`, rig.mouth.refusals(), "", { atMost: 0 }),
    single(`${platform}, last answer after its last token`, late, "s", null, "all end at once"),
    single(`${platform}, event-loop delay p99`, delay, "ms", null, `${memory.toFixed(0)} MB resident`),
  ];
}
