import { command } from "./command.ts";

export const deny = command({
  name: "deny",
  aliases: [],
  role: "member",
  urgent: true,
  whole: true,
  run: ({ ports }) => ports.leave("deny"),
});
