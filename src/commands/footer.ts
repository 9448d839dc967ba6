import { command } from "./command.ts";

export const footer = command({
  name: "footer",
  aliases: [],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, language, ports: { chat } }) {
    const { footer: words } = language.replies;
    const wanted = args.toLowerCase();
    const now = (await chat.settings()).footer;
    if (wanted === "auto") {
      await chat.switchFooter(null);
      return words.auto;
    }
    if (wanted !== "" && wanted !== "on" && wanted !== "off") return words.say;
    const on = wanted === "" ? !now : wanted === "on";
    await chat.switchFooter(on);
    return on ? words.on : words.off;
  },
});
