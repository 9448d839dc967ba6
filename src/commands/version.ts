import { command } from "./command.ts";

export const version = command({
  name: "version",
  aliases: [],
  role: "member",
  run: async ({ ports }) => `Hermes Team ${(await ports.about()).version}`,
});
