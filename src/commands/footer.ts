import { command } from "./command.ts";

export const footer = command({
  name: "footer",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports: { chat } }) {
    const wanted = args.toLowerCase();
    const now = (await chat.settings()).footer;
    if (wanted === "auto") {
      await chat.switchFooter(null);
      return "The line below answers is as configured again.";
    }
    if (wanted !== "" && wanted !== "on" && wanted !== "off") return "Say `/footer on`, `/footer off` or `/footer auto`.";
    const on = wanted === "" ? !now : wanted === "on";
    await chat.switchFooter(on);
    return on
      ? "Answers in this chat end in a line about the model and their time."
      : "Answers in this chat end without that line.";
  },
});
