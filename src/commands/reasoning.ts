import { efforts } from "../core/model.ts";
import { command } from "./command.ts";

export const reasoning = command({
  name: "reasoning",
  aliases: ["think"],
  argument: {},
  role: "member",
  async run({ args, ports }) {
    const wanted = args.toLowerCase();
    const levels = efforts.map((each) => `\`${each}\``).join(", ");
    if (wanted === "") {
      const now = await ports.effort();
      return `How much I think before I answer here: ${now ?? "as configured"}. ${levels}, or \`auto\`.`;
    }
    const effort = efforts.find((each) => each === wanted) ?? null;
    if (effort === null && wanted !== "auto") return `Say one of ${levels}, or \`auto\`.`;
    await ports.chooseEffort(effort);
    return effort === null
      ? "I think as much as configured again, from the next message on."
      : `From the next message on I think with effort ${effort} in this conversation, as far as the model can.`;
  },
});
