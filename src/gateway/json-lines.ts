import type { Socket } from "node:net";

/** A request or an answer is a few lines of text; whatever is longer is not ours. */
const usualChars = 1_000_000;

/** Calls back with each line of JSON from a socket; what is not JSON comes as null, and a line without end closes the socket. */
export function jsonLines(socket: Socket, onMessage: (message: unknown) => void, mostChars = usualChars): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const [end = "", ...more] = chunk.split("\n");
    // Only what ends is read through: a long line comes in hundreds of pieces.
    rest += end;
    const lines = more.length === 0 ? [] : [rest, ...more.slice(0, -1)];
    rest = more.at(-1) ?? rest;
    if (rest.length > mostChars) socket.destroy();
    for (const line of lines) onMessage(parsed(line));
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
