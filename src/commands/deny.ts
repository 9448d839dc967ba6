import { command } from "./command.ts";

export const deny = command({
  name: "deny",
  aliases: [],
  role: "member",
  whole: true,
  run: ({ ports }) => ports.leave("deny"),
});
