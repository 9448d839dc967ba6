import type { ProgressMode } from "../../core/chat-settings.ts";
import type { TurnEvent } from "../../core/events.ts";
import { callsShown } from "../../core/calls-shown.ts";
import type { Streams } from "../context.ts";

/** What happens while one waits for an answer, on stderr where that is a terminal. */
export interface Progress {
  take(event: TurnEvent): void;
  /** How much of the tools is shown from now on; without it, every call. */
  show(mode: ProgressMode): void;
  /** Takes the passing line away. */
  clear(): void;
}

export function progressOn(
  { stderr, env }: Streams,
  { quiet, form }: { readonly quiet: boolean; readonly form: string },
): Progress {
  if (stderr.isTTY !== true || quiet || form === "lines") return { take: () => {}, show: () => {}, clear: () => {} };
  const passes = env["TERM"] !== "dumb";
  let shown = false;
  let isShown = callsShown("all");
  const clear = () => {
    if (shown) stderr.write("\r\u001b[K");
    shown = false;
  };
  const pass = (text: string) => {
    if (!passes) return;
    clear();
    stderr.write(text);
    shown = true;
  };
  return {
    clear,
    show(mode) {
      isShown = callsShown(mode);
    },
    take(event) {
      switch (event.type) {
        case "tool.started":
          if (!isShown(event.tool)) return;
          clear();
          return void stderr.write(`┊ ${event.preview.startsWith("$ ") ? "💻" : `🔧 ${event.tool}`} ${oneLine(event.preview)}\n`);
        case "notice":
          clear();
          return void stderr.write(`${oneLine(event.text)}\n`);
        case "reading":
          return pass(`Reading ${event.done} of ${event.total} tokens …`);
        case "queued":
          return event.waitMs === 0 ? clear() : pass(`Waiting for the model: ${event.ahead} before you …`);
        case "finished":
        case "text":
          return clear();
        case "agent":
        case "asks":
        case "reasoning":
        case "started":
        case "step":
        case "titled":
        case "unwritten":
        case "tool.finished":
        case "tool.output":
          return;
      }
    },
  };
}

/** As much as fits on a line everywhere; a model must not steer the terminal. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .slice(0, 70)
    .trim();
}
