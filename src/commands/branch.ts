import { command } from "./command.ts";
import { plainTitle } from "./title.ts";

export const branch = command({
  name: "branch",
  aliases: ["fork"],
  argument: {},
  role: "member",
  whenIdle: true,
  async run({ args, ports: { sessions } }) {
    const title = plainTitle(args);
    const done = await sessions.branch(title === "" ? null : title);
    if (!done) return "There is no conversation here yet to branch off from.";
    return "We go on with a copy of this conversation. `/resume` takes you back to the one before.";
  },
});
