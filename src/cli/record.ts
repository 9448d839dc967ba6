import type { z } from "zod";
import { loadConfig } from "../config/load.ts";
import { Failure } from "../core/failures.ts";
import { unhidden } from "../core/markdown.ts";
import { type Context, exits } from "./context.ts";
import { type ControlReply, type ControlRequest, callControl } from "../gateway/control-socket.ts";

/** Asks the running service, or the record itself when none runs. */
export async function askRecord(context: Context, request: ControlRequest, withinMs?: number): Promise<ControlReply> {
  const reply = await callControl(context.home, request, withinMs);
  if (reply !== null) return reply;
  const { config } = await loadConfig({ env: context.env, home: context.home });
  const record = await (await context.product()).openOffline(config);
  try {
    return await record.handle(request);
  } finally {
    await record.close();
  }
}

/** Asks for data. Null where it was refused: that has been said then, and the exit status is 1. */
export async function askData<T>(context: Context, request: ControlRequest, form: z.ZodType<T>): Promise<T | null> {
  const reply = await askRecord(context, request);
  if (!reply.ok) {
    // It may name whom somebody else has named.
    context.remark(`hermes: ${unhidden(reply.text)}`);
    context.exit(exits.failure);
    return null;
  }
  const read = form.safeParse(jsonOf(reply.text));
  if (read.success) return read.data;
  throw new Failure("internal", "the running service is of another version than this command", {
    advice: "Restart it: hermes gateway restart, or stop it and hermes start.",
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Asks and prints the answer; a refusal goes to stderr and gives exit status 1. */
export async function printRecord(context: Context, command: string, args: readonly string[] = []): Promise<void> {
  const reply = await askRecord(context, { command, args });
  if (reply.ok) return context.print(reply.text);
  context.remark(`hermes: ${reply.text}`);
  context.exit(exits.failure);
}
