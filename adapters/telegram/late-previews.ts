import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../src/core/failures.ts";
import { callSignal, type Client } from "./client.ts";
import { refusal } from "./errors.ts";
import type { TelegramOptions } from "./options.ts";

/** A preview that takes longer is given up: the answer waits for it. */
export const previewMs = 3_000;

interface ChatMessage {
  readonly chat_id: number;
  readonly message_id: number;
}

/** Once more where Telegram asks to wait: nobody else knows of the message. */
export async function takeBack(
  { api, log }: Pick<Client, "api"> & Pick<TelegramOptions, "log">,
  message: ChatMessage,
): Promise<void> {
  const remove = () => api.raw.deleteMessage(message, callSignal(AbortSignal.timeout(previewMs)));
  try {
    await remove().catch(async (error: unknown) => {
      await sleep((refusal(error)?.parameters.retry_after ?? 1) * 1_000, null, { ref: false });
      await remove();
    });
  } catch (error) {
    log.info({ chat: String(message.chat_id), error }, "a preview that came too late could not be taken back");
  }
}

/** A preview that is there later than anybody waits for it is taken back: by then another one, or the answer, has its place. */
export async function inTime<Sent>(sent: Promise<Sent>, late: (sent: Sent) => Promise<void>): Promise<Sent> {
  const over = Promise.withResolvers<null>();
  const timer = setTimeout(over.resolve, previewMs, null);
  try {
    const first = await Promise.race([sent, over.promise]);
    if (first !== null) return first;
  } finally {
    clearTimeout(timer);
  }
  void sent.then(late).catch(() => undefined);
  throw new Failure("platform.unknown_outcome", "Telegram took too long for a preview");
}
