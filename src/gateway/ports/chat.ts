import { busyModes, type ChatPorts, progressModes } from "../../core/chat-settings.ts";
import type { ChatRef } from "../../core/chats.ts";
import { chatSettings, chooseChatSetting } from "../../store/chat-settings.ts";
import { footerWanted, switchFooter } from "../../store/footers.ts";
import { makeHome } from "../../store/homes.ts";
import type { GatewayParts } from "../parts.ts";

/** What was chosen for the chat that a command was typed in. */
export function chatPorts({ db, footers, toolProgress }: GatewayParts, chat: ChatRef): ChatPorts {
  return {
    async settings() {
      const { busy, tool_progress: progress } = await chatSettings(db, chat);
      return {
        busy: busyModes.find((mode) => mode === busy) ?? null,
        toolProgress: progressModes.find((mode) => mode === progress) ?? toolProgress(),
        footer: await footerWanted(db, footers(), chat),
      };
    },
    chooseBusy: (mode) => chooseChatSetting(db, chat, "busy", mode),
    chooseProgress: (mode) => chooseChatSetting(db, chat, "tool_progress", mode),
    switchFooter: (to) => switchFooter(db, chat, to),
    makeHome: () => makeHome(db, chat),
  };
}
