import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { say } from "../test/doubles/model-server.ts";
import { type Row, single } from "./figures.ts";
import { finalCall, openRig } from "./rig.ts";

const atMostTokens = 2_500;

/** Everything that is sent to the model for a first "hello". */
export const hello: Row = {
  name: "hello",
  title: 'tokens sent for "hello"',
  async measure() {
    await using rig = await openRig("embedded", () => say("hello yourself"));
    await rig.start();
    const answered = rig.traffic.next("answered", finalCall);
    await rig.say(700, "hello");
    await answered;
    const body = rig.model.seen[0]?.body;
    const [messages, tools] = [body?.messages ?? [], body?.tools ?? []].map((part) => encode(JSON.stringify(part)).length);
    const note = `o200k; ${tools} of them for ${body?.tools?.length ?? 0} tools`;
    return [
      single("messages and tools", (messages ?? Number.NaN) + (tools ?? Number.NaN), "tokens", { atMost: atMostTokens }, note),
    ];
  },
};
