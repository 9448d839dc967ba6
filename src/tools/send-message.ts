import { z } from "zod";
import { tool } from "../core/tool.ts";

const parameters = z.strictObject({
  action: z.enum(["send", "list"]).default("send"),
  target: z.string().default("").describe("A chat as list shows it, or a platform for the person's own chat there."),
  message: z.string().max(20_000).default(""),
});

export const sendMessage = tool({
  name: "send_message",
  description: "Send to another chat of the person. Answers here need no tool.",
  kind: "effect",
  toolset: "messaging",
  parameters,
  deeds: ({ action, target }) => (action === "list" ? [] : [{ kind: "send", command: target, language: "shell", workdir: "" }]),
  preview: ({ action, target }) => (action === "list" ? "list chats" : `send to ${target}`),
  async run({ action, target, message }, { chats }) {
    if (action === "list") return await chats.list();
    if (target.trim() === "" || message.trim() === "") throw new Error("send needs target and message; list shows the targets.");
    return await chats.post(target, message);
  },
});
