import type { TurnEvent } from "../src/core/events.ts";
import type { Log } from "../src/core/log.ts";

/** Passes a turn's events on, and logs its course: names, times and ends, never what anybody said. */
export function loggedEvents(log: Log, emit: (event: TurnEvent) => void): (event: TurnEvent) => void {
  const began = performance.now();
  return (event) => {
    const line = lineOf(event, began);
    if (line !== null) log[line.level](line.fields, line.message);
    emit(event);
  };
}

interface Line {
  readonly level: "debug" | "info" | "warn";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function lineOf(event: TurnEvent, began: number): Line | null {
  switch (event.type) {
    case "started":
      return { level: "info", fields: {}, message: "a turn is worked on" };
    case "step":
      return { level: "debug", fields: { step: event.step }, message: "the model is asked again" };
    case "tool.finished": {
      const { tool, ok, ms } = event;
      return { level: "info", fields: { tool, ok, ms }, message: ok ? "a tool was used" : "a tool failed" };
    }
    case "finished": {
      const fields = { end: event.end, ms: Math.round(performance.now() - began) };
      return { level: event.end === "failed" ? "warn" : "info", fields, message: "a turn is over" };
    }
    // Its words may name what somebody has sent.
    case "notice":
    case "text":
    case "reasoning":
    case "reading":
    case "queued":
    case "tool.started":
    case "tool.output":
    case "asks":
    case "agent":
    case "titled":
    case "unwritten":
      return null;
  }
}
