import { command } from "./command.ts";

export const insights = command({
  name: "insights",
  aliases: [],
  description: "Show what was asked, and how fast and how well the model worked: /insights [days] [platform]",
  argument: { description: "How many days, and which platform" },
  role: "admin",
  async run({ ports, args }) {
    const [days = "", platform = null] = args.split(/\s+/);
    return await ports.insights(days, platform);
  },
});
