import { counted } from "./reading.ts";

/** A window below this leaves no room for tools and a conversation. */
export const leastWindow = 8_192;

/** A sentence when the window is too small; `mend` says how to enlarge it. */
export function smallWindow(window: number | null, mend: string): readonly string[] {
  if (window === null || window >= leastWindow) return [];
  return [
    `The server takes only ${counted(window)} tokens a request; ${counted(leastWindow)} is the least to work with: ${mend}.`,
  ];
}

/** The smaller of what is configured and what the server takes, and a sentence when the configuration promises too much. */
export function settledWindow(server: number | null, configured: number | null): { window: number | null; remarks: string[] } {
  if (server === null || configured === null) return { window: server ?? configured, remarks: [] };
  if (configured <= server) return { window: configured, remarks: [] };
  const remark =
    `context_length is ${counted(configured)}, but the server takes ${counted(server)} tokens a request, which is used: ` +
    "lower model.context_length, or give the server a larger window.";
  return { window: server, remarks: [remark] };
}
