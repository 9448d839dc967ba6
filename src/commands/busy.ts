import { busyModes } from "../core/chat-settings.ts";
import { command } from "./command.ts";

export const busy = command({
  name: "busy",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports: { chat } }) {
    const wanted = args.toLowerCase();
    if (wanted === "") {
      const { busy: now } = await chat.settings();
      return `Messages while I work: ${now ?? "as configured"}. \`/busy steer\`, \`queue\` or \`interrupt\`; \`auto\` is as configured.`;
    }
    const mode = busyModes.find((each) => each === wanted) ?? null;
    if (mode === null && wanted !== "auto") return "Say `/busy steer`, `/busy queue`, `/busy interrupt` or `/busy auto`.";
    await chat.chooseBusy(mode);
    switch (mode) {
      case null:
        return "Messages while I work are taken as configured again.";
      case "steer":
        return "Messages while I work reach me at my next step, in this chat.";
      case "queue":
        return "Messages while I work wait for their turn, in this chat.";
      case "interrupt":
        return "Messages while I work stop what I am doing, in this chat.";
    }
  },
});
