import { codeSpan } from "../core/markdown.ts";
import { command } from "./command.ts";

/** A skill that is there has become a request before this is asked: only what is no skill comes here. */
export const skill = command({
  name: "skill",
  aliases: [],
  argument: { offers: "skills" },
  role: "member",
  async run({ args }) {
    const [name = ""] = args.split(/\s+/);
    if (name === "") return "Say which and what for: `/skill NAME REQUEST`. `/skills` lists them.";
    return `There is no skill ${codeSpan(name.slice(0, 80))} here. \`/skills\` lists them.`;
  },
});
