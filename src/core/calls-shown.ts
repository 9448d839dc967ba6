import type { ProgressMode } from "./chat-settings.ts";

/** Says of each call of a tool, in their order, whether it is shown. */
export function callsShown(mode: ProgressMode): (tool: string) => boolean {
  let before: string | null = null;
  return (tool) => {
    const again = tool === before;
    before = tool;
    switch (mode) {
      case "off":
        return false;
      case "new":
        return !again;
      case "all":
        return true;
    }
  };
}
