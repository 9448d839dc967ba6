/** What happens to a message that arrives while a turn runs. */
export const busyModes = ["steer", "queue", "interrupt"] as const;
export type BusyMode = (typeof busyModes)[number];

/** How much a running turn shows of its tools: none, each tool's first of several calls in a row, or every call. */
export const progressModes = ["off", "new", "all"] as const;
export type ProgressMode = (typeof progressModes)[number];

/** What can be chosen for a chat. */
export type ChatSetting = "busy" | "tool_progress";

/** What the people of a chat have chosen for it, and its home. */
export interface ChatPorts {
  /** As chosen here, else as configured; `busy` is null where nothing was chosen. */
  settings(): Promise<{ readonly busy: BusyMode | null; readonly toolProgress: ProgressMode; readonly footer: boolean }>;
  /** Null: as configured again. */
  chooseBusy(mode: BusyMode | null): Promise<void>;
  chooseProgress(mode: ProgressMode | null): Promise<void>;
  switchFooter(to: boolean | null): Promise<void>;
  /** Makes this chat the one where reports and notices of its platform go. */
  makeHome(): Promise<void>;
}
