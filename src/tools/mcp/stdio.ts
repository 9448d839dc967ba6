import { type JSONRPCMessage, ReadBuffer, serializeMessage, type Transport } from "@modelcontextprotocol/client";
import type { Attached, Sandbox } from "../../core/sandbox.ts";
import { quoted } from "../../sandbox/shell-scripts.ts";
import type { Line } from "./http.ts";

/** A program to be started in a sandbox. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** No message is longer. */
const longestMessage = 16 * 1024 * 1024;
/** So much of what it says on its stderr explains why it ended. */
const keptErrors = 600;

/** A server that talks over its pipes, in the sandbox that `open` gives. */
export function stdioLine(program: Program, open: () => Promise<Sandbox>): Line {
  return { transports: [() => attachedTransport(program, open)], isForeign: () => false, close: async () => undefined };
}

function attachedTransport(program: Program, open: () => Promise<Sandbox>): Transport {
  const control = new AbortController();
  const buffer = new ReadBuffer({ maxBufferSize: longestMessage });
  const state = { attached: null as Attached | null, said: "", closed: false };
  const closed = () => {
    if (state.closed) return;
    state.closed = true;
    transport.onclose?.();
  };
  const take = (chunk: Uint8Array) => {
    try {
      buffer.append(Buffer.from(chunk));
    } catch (error) {
      transport.onerror?.(asError(error));
      control.abort();
      return;
    }
    for (let message = next(); message !== null; message = next()) transport.onmessage?.(message);
  };
  /** A line that is no message is told of and passed over. */
  const next = (): JSONRPCMessage | null => {
    for (;;) {
      try {
        return buffer.readMessage();
      } catch (error) {
        transport.onerror?.(asError(error));
      }
    }
  };
  const transport: Transport = {
    async start() {
      const sandbox = await open();
      const attached = await sandbox.attach(commandLine(program), {
        signal: control.signal,
        onOutput: take,
        onError: (chunk) => (state.said = `${state.said}${Buffer.from(chunk).toString()}`.slice(-keptErrors)),
      });
      state.attached = attached;
      void attached.ended.then((code) => {
        const why = state.said.trim() === "" ? "" : `: ${state.said.trim()}`;
        if (!control.signal.aborted) transport.onerror?.(new Error(`it ended${code === null ? "" : ` with ${code}`}${why}`));
        closed();
      });
      attached.write(`${variables(program.env)}\n`);
    },
    send: async (message) => {
      if (state.attached === null || state.closed) throw new Error("it has ended");
      state.attached.write(serializeMessage(message));
    },
    async close() {
      state.attached?.end();
      control.abort();
      buffer.clear();
      closed();
    },
  };
  return transport;
}

/** Variables come over the pipe, before the first message: in the command anybody on the machine could read them. */
function commandLine({ command, args }: Program): string {
  return `while IFS= read -r l && [ -n "$l" ]; do export "$l"; done; exec ${[command, ...args].map(quoted).join(" ")}`;
}

function variables(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
