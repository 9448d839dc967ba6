import { command } from "./command.ts";

export const cron = command({
  name: "cron",
  aliases: ["schedule"],
  argument: { offers: "schedules" },
  role: "member",
  whole: true,
  async run({ args, ports }) {
    const { text, buttons } = await ports.schedules.run(args);
    return buttons === undefined ? text : { markdown: text, buttons };
  },
});
