import { command } from "./command.ts";

export const approve = command({
  name: "approve",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports }) {
    const wanted = args.toLowerCase() || "once";
    if (wanted !== "once" && wanted !== "session" && wanted !== "always")
      return "Say /approve, /approve session or /approve always.";
    return await ports.leave(wanted);
  },
});
