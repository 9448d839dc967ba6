import { busyModes } from "../core/chat-settings.ts";
import { command } from "./command.ts";

export const busy = command({
  name: "busy",
  aliases: [],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, language: { replies }, ports: { chat } }) {
    const wanted = args.toLowerCase();
    if (wanted === "") {
      const { busy: now } = await chat.settings();
      return replies.busy.now(now ?? replies.asConfigured);
    }
    const mode = busyModes.find((each) => each === wanted) ?? null;
    if (mode === null && wanted !== "auto") return replies.busy.say;
    await chat.chooseBusy(mode);
    return replies.busy.chosen(mode);
  },
});
