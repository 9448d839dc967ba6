import { command } from "./command.ts";

export const deny = command({
  name: "deny",
  aliases: [],
  description: "Refuse what I ask for",
  role: "member",
  run: ({ ports }) => ports.leave("deny"),
});
