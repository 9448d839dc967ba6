import type { ControlReply } from "../gateway/control-socket.ts";

/** Stops this process as a signal would, because whoever may open the home's socket asks for it; a talk at a terminal is left alone. */
export function stopAsked(mode: string): ControlReply {
  if (mode === "chat") return { ok: false, text: "It is a talk at a terminal: leave it there." };
  // Once the answer is out.
  setImmediate(() => process.kill(process.pid, "SIGTERM"));
  return { ok: true, text: `Process ${process.pid} stops.` };
}
