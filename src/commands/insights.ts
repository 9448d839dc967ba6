import { command } from "./command.ts";

export const insights = command({
  name: "insights",
  aliases: [],
  argument: {},
  role: "admin",
  async run({ ports, args }) {
    const [days = "", platform = null] = args.split(/\s+/);
    return await ports.insights(days, platform);
  },
});
