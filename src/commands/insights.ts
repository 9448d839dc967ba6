import { command } from "./command.ts";

export const insights = command({
  name: "insights",
  aliases: [],
  argument: {},
  role: "admin",
  async run({ ports, args }) {
    // In either order, and as the command line has them: `7 telegram`, `--days 7`.
    const words = args.split(/\s+/).filter((word) => word !== "" && !/^(?:--?[a-z]+|days?)$/i.test(word));
    const platform = words.find((word) => /^[a-z]+$/i.test(word)) ?? null;
    const days = words.find((word) => word !== platform) ?? "";
    return await ports.insights(days, platform?.toLowerCase() ?? null);
  },
});
