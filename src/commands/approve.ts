import { command } from "./command.ts";

export const approve = command({
  name: "approve",
  aliases: [],
  argument: {},
  role: "member",
  urgent: true,
  whole: true,
  async run({ args, ports, language }) {
    const wanted = args.toLowerCase() || "once";
    if (wanted !== "once" && wanted !== "session" && wanted !== "always") return language.replies.approve.say;
    return await ports.leave(wanted);
  },
});
