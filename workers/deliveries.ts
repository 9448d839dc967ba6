import type { View } from "../adapters/view.ts";
import { wording } from "../adapters/words.ts";
import { languageOf, languages } from "../src/commands/languages/index.ts";
import type { Adapter } from "../src/core/adapter.ts";
import { chatKey, type ChatRef, parseChatKey } from "../src/core/chats.ts";
import { asFailure, type Failure } from "../src/core/failures.ts";
import type { SentFile } from "../src/core/files.ts";
import type { Log } from "../src/core/log.ts";
import { remember } from "../src/core/maps.ts";
import { codeSpan, plainWords } from "../src/core/markdown.ts";
import type { Metrics } from "../src/core/metrics.ts";
import { type Consumer, type JobOutcome, placesOf, type Queues } from "../src/core/queue.ts";
import { isQuestion } from "../src/store/questions.ts";
import { dropSentFile, sentFile } from "../src/store/files.ts";
import type { Db } from "../src/store/hold.ts";
import {
  claimDelivery,
  closeDelivery,
  type Delivery,
  dropPreview,
  lastSentOf,
  noteSent,
  postponeDelivery,
  refuseDelivery,
} from "../src/store/outbox.ts";
import { deliveryQueue, wakeDeliveries } from "./asking.ts";
import { noteRefusedReport } from "./schedule-refusals.ts";

/** What a platform's deliveries work with. */
export interface DeliveryParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly adapter: Adapter;
  readonly view: View;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Longer than the slowest send, before each of which it begins anew: a row whose lease is out belongs to a gateway that died. */
const sendLeaseMs = 20_000;
/** A file takes longer: `largestFile` at 200 KB a second. */
const fileLeaseMs = 120_000;
const concurrency = 64;
const firstBackoffMs = 500;
const longestBackoffMs = 60_000;
const mostUnnoted = 10_000;

/** Sends what the outbox holds for one platform, in order within each chat. */
export async function workDeliveries(parts: DeliveryParts, holder: string): Promise<Consumer> {
  const sending: Sending = { ...parts, unnoted: new Map() };
  return await parts.queues.consume(
    deliveryQueue(parts.adapter.platform),
    placesOf(concurrency),
    async (chat) => await workChat(sending, holder, chat),
  );
}

interface Sending extends DeliveryParts {
  /** The messages of entries that went out when the record could not note it: they must not go out again. */
  readonly unnoted: Map<number, readonly string[]>;
}

async function workChat(parts: Sending, holder: string, chat: string): Promise<JobOutcome> {
  const ref = parseChatKey(chat);
  for (;;) {
    const next = await claimDelivery(parts.db, chat, holder, sendLeaseMs);
    switch (next.type) {
      case "empty":
        return { type: "done" };
      case "later":
        return { type: "again", afterMs: next.afterMs };
      case "ready": {
        const waitMs = await deliver(parts, ref, next.delivery);
        if (waitMs !== null) return { type: "again", afterMs: waitMs };
      }
    }
  }
}

/** Sends one entry; null when it is settled, else how long to wait before the next attempt. */
async function deliver(parts: Sending, chat: ChatRef, claimed: Delivery): Promise<number | null> {
  const { unnoted } = parts;
  const kept = unnoted.get(claimed.id);
  // Another gateway may have sent, and noted, more since.
  const known = kept !== undefined && kept.length > claimed.sent.length ? kept : undefined;
  const delivery = known === undefined ? claimed : { ...claimed, sent: known, interrupted: false };
  const sent = [...delivery.sent];
  try {
    if (known !== undefined) await noteSent(parts.db, claimed.id, known, sendLeaseMs);
    unnoted.delete(claimed.id);
    if (delivery.body.edits !== undefined) return await amend(parts, chat, delivery, delivery.body.edits);
    if (delivery.body.file !== undefined) return await sendFile(parts, chat, delivery, delivery.body.file, sent);
    const preview = delivery.turn === null ? null : await settled(parts, delivery, delivery.turn);
    const repeated = await send(parts, chat, delivery, preview, sent);
    await closeDelivery(parts.db, delivery.id, sent);
    if (preview !== null && delivery.turn !== null) await dropPreview(parts.db, delivery.turn);
    parts.metrics.delivery(chat.platform, repeated ? "repeated" : "sent");
    return null;
  } catch (error) {
    const failure = asFailure(error);
    if (failure.code === "state.unavailable" && sent.length > claimed.sent.length)
      remember(unnoted, claimed.id, sent, mostUnnoted);
    return await handle(parts, chat, delivery, { failure, wentOn: sent.length > delivery.sent.length });
  }
}

/** The message that shows the turn, once no more of it is under way; that may have taken long. */
async function settled({ db, view }: DeliveryParts, { id, preview, sent }: Delivery, turn: string): Promise<string | null> {
  const shown = (await view.settle(turn)) ?? preview;
  await noteSent(db, id, sent, sendLeaseMs);
  return shown;
}

/** Lets an earlier message's end say something else, without its buttons. One that is gone needs no amending. */
async function amend(parts: DeliveryParts, chat: ChatRef, delivery: Delivery, key: string): Promise<null> {
  const message = await lastSentOf(parts.db, key);
  const chunk = parts.adapter.render(wording(delivery.body)).at(-1);
  const sent = message === null ? null : await replace(parts, chat, message, chunk, { buttons: [] });
  await closeDelivery(parts.db, delivery.id, sent === null ? [] : [sent]);
  return null;
}

/** Sends a file, or says why it can't be sent here. */
async function sendFile(parts: DeliveryParts, chat: ChatRef, delivery: Delivery, file: SentFile, sent: string[]): Promise<null> {
  const { adapter, db } = parts;
  const { id, key, since, interrupted } = delivery;
  const options = { replyTo: null, key: `${id}:0`, since, maybeRepeated: interrupted };
  const { endings } = languageOf(delivery.body.language) ?? languages[0];
  const say = async (why: "gone" | "none_taken" | null, detail = "") => {
    const place = file.path === "" ? "" : codeSpan(file.path);
    const words = endings.fileNotSent(plainWords(file.name), why, detail, place);
    return await adapter.post(chat, adapter.render(words)[0], options);
  };
  const bytes = await sentFile(db, key);
  await noteSent(db, id, sent, fileLeaseMs);
  const post = async () =>
    bytes === null || adapter.postFile === undefined
      ? await say(bytes === null ? "gone" : "none_taken")
      : await adapter.postFile(chat, file, bytes, options).catch(async (error: unknown) => {
          const failure = asFailure(error);
          if (failure.code !== "platform.refused") throw failure;
          return await say(null, failure.message);
        });
  if (sent.length === 0) sent.push(await post());
  await closeDelivery(db, id, sent);
  await dropSentFile(db, key);
  parts.metrics.delivery(chat.platform, interrupted ? "repeated" : "sent");
  return null;
}

/** Puts the chunks out that are not out yet; each is noted before the next, so that a crash repeats at most one, and says so. */
async function send(
  parts: DeliveryParts,
  chat: ChatRef,
  delivery: Delivery,
  preview: string | null,
  sent: string[],
): Promise<boolean> {
  const { adapter } = parts;
  const [words, { footer }] = [wording(delivery.body), delivery.body];
  const whole = await adapter.renderWhole?.(words, footer);
  // That may have taken as long as half a lease.
  if (whole !== undefined) await noteSent(parts.db, delivery.id, sent, sendLeaseMs);
  const chunks = whole ?? adapter.render(words, footer);
  let repeated = false;
  for (let index = sent.length; index < chunks.length; index += 1) {
    const { buttons } = delivery.body;
    const last = index === chunks.length - 1 && buttons ? { buttons } : {};
    const chunk = chunks[index];
    const replaced = index === 0 && preview !== null ? await replace(parts, chat, preview, chunk, last) : null;
    if (replaced !== null) {
      sent.push(replaced);
    } else {
      // The edit that was refused has taken its time.
      if (index === 0 && preview !== null) await noteSent(parts.db, delivery.id, sent, sendLeaseMs);
      const maybeRepeated = delivery.interrupted && index === delivery.sent.length;
      repeated ||= maybeRepeated;
      sent.push(
        await parts.adapter.post(chat, chunk, {
          replyTo: index === 0 ? delivery.body.replyTo : null,
          answers: delivery.body.replyTo,
          part: index,
          ...last,
          ...(isQuestion(delivery.key) ? { asks: true } : {}),
          key: `${delivery.id}:${index}`,
          since: delivery.since,
          maybeRepeated,
        }),
      );
    }
    if (index < chunks.length - 1) await noteSent(parts.db, delivery.id, sent, sendLeaseMs);
  }
  return repeated;
}

/** Turns the preview into the answer's first chunk; null when the preview is gone (somebody deleted it). */
async function replace(
  parts: DeliveryParts,
  chat: ChatRef,
  preview: string,
  chunk: unknown,
  options: Parameters<Adapter["edit"]>[3],
): Promise<string | null> {
  try {
    await parts.adapter.edit(chat, preview, chunk, options);
    return preview;
  } catch (error) {
    if (asFailure(error).code === "platform.refused") return null;
    throw error;
  }
}

/** How an attempt ended. `wentOn`: what an earlier one left unsure is out by now. */
interface Ended {
  readonly failure: Failure;
  readonly wentOn: boolean;
}

async function handle(parts: DeliveryParts, chat: ChatRef, delivery: Delivery, ended: Ended): Promise<number | null> {
  const { failure, wentOn } = ended;
  const { platform } = chat;
  if (failure.code === "platform.refused") {
    parts.log.warn({ chat: chatKey(chat), outbox: delivery.id, reason: failure.message }, "the platform refused an answer");
    parts.metrics.delivery(platform, "refused");
    const { key, body } = delivery;
    await wakeDeliveries(parts, await noteRefusedReport(parts, { key, body, chat: chatKey(chat), reason: failure.message }));
    await refuseDelivery(parts.db, delivery.id, failure.message);
    return null;
  }
  if (failure.code === "platform.rate_limited") parts.metrics.rateLimited(platform);
  const backoff = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(delivery.attempts - 1, 10));
  const afterMs = failure.retryAfterMs ?? backoff;
  const unsent = failure.code === "platform.rate_limited" || failure.code === "platform.unavailable";
  // That this attempt sent nothing says nothing of the one before.
  const certain = unsent && (wentOn || !delivery.interrupted);
  parts.log.info(
    { chat: chatKey(chat), outbox: delivery.id, code: failure.code, afterMs },
    "an answer was not taken yet; it will be sent again",
  );
  parts.metrics.delivery(platform, "postponed");
  await postponeDelivery(parts.db, delivery.id, afterMs, certain, failure.message);
  return afterMs;
}
