import { efforts } from "../core/model.ts";
import { command } from "./command.ts";

export const reasoning = command({
  name: "reasoning",
  aliases: ["think"],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, ports, language: { replies } }) {
    const wanted = args.toLowerCase();
    const levels = efforts.map((each) => `\`${each}\``).join(", ");
    if (wanted === "") {
      const now = await ports.effort();
      return replies.reasoning.now(now ?? replies.asConfigured, levels);
    }
    const effort = efforts.find((each) => each === wanted) ?? null;
    if (effort === null && wanted !== "auto") return replies.reasoning.say(levels);
    await ports.chooseEffort(effort);
    return replies.reasoning.chosen(effort);
  },
});
