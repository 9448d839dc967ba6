import { command } from "./command.ts";

export const help = command({
  name: "help",
  aliases: ["commands"],
  description: "List the commands",
  role: "member",
  async run({ commands, kind }) {
    const lines = commands.map(
      (each) => `- /${each.name}: ${each.description.charAt(0).toLowerCase()}${each.description.slice(1)}`,
    );
    const how =
      kind === "shared"
        ? "In a group I answer when you mention me, reply to me or use a command."
        : "Write to me in your own words.";
    return [how, "", ...lines].join("\n");
  },
});
