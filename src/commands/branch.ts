import { command } from "./command.ts";
import { plainTitle } from "./title.ts";

export const branch = command({
  name: "branch",
  aliases: ["fork"],
  argument: {},
  role: "member",
  whole: true,
  whenIdle: true,
  async run({ args, language: { replies }, ports: { sessions } }) {
    const title = plainTitle(args);
    const done = await sessions.branch(title === "" ? null : title);
    return done ? replies.branch.done : replies.branch.none;
  },
});
