import { asFailure, Failure } from "../../src/core/failures.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import { missedWords } from "../missed.ts";
import { renderSlack } from "../render/slack.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { type CatchUp, createCatchUp } from "./catch-up.ts";
import { reason } from "./errors.ts";
import { type Fields, fields, text } from "./fields.ts";
import { openHttp } from "./http.ts";
import { isForUs, saidIn } from "./inbound.ts";
import { createIntake, type Intake, type IntakeParts } from "./intake.ts";
import { readMissed } from "./missed.ts";
import type { SlackOptions } from "./options.ts";
import type { Outgoing } from "./outgoing.ts";
import { type Door, openSocket } from "./socket.ts";

export interface ReceivingParts extends Pick<IntakeParts, "reading" | "inlet" | "aside" | "signal"> {
  readonly options: SlackOptions;
  readonly apiUrl: string;
  readonly api: SlackApi;
  readonly budget: Budget;
  readonly post: Outgoing["post"];
}

/** The clocks of two machines may differ by this. */
const clocksMs = 60_000;

/** Receives what Slack tells from now on, and reads what it has not told. Rejects with a `Failure` when it can't be connected. */
export async function receive(parts: ReceivingParts): Promise<Door> {
  const { options, reading, inlet, aside, signal } = parts;
  const taken: IntakeParts["taken"] = (body, inbound) => seen(catchUp, fields(body["event"]), inbound);
  const intake = createIntake({ reading, inlet, aside, taken, log: options.log, signal });
  const catchUp = catchUpOf(parts, intake.take);
  const door = await open(parts, intake.take, catchUp.look);
  catchUp.look();
  return {
    async close() {
      await door.close();
      await intake.idle();
      await catchUp.save();
    },
  };
}

/** Notes a message that has been told. */
function seen(catchUp: CatchUp, event: Fields, inbound: Inbound | null): void {
  const [channel, ts] = [text(event["channel"]), text(event["ts"])];
  if (channel === null || ts === null) return;
  catchUp.seen(channel, ts, inbound?.type === "message" && inbound.addressed);
}

function catchUpOf({ options, api, budget, reading, post, signal }: ReceivingParts, take: Intake["take"]): CatchUp {
  const { settings, catchUpMs: answerMs, log } = options;
  const { team, user } = reading.self;
  const begunAt = Date.now();
  return createCatchUp({
    settings,
    key: `slack:${team}:${user}:seen`,
    answerMs,
    read: (channel, since) => readMissed({ api, budget, user, signal }, channel, since),
    take(channel, message) {
      const event = { type: "message", ...message, channel };
      // An earlier process may have begun to answer it.
      const early = Number(message["ts"]) * 1_000 < begunAt + clocksMs;
      return take({ type: "event_callback", event, ...(early ? { caught_up: true } : {}) });
    },
    concerns: (channel, message) => isForUs(reading, { ...message, channel }),
    told: (message) => saidIn(reading, message),
    async name(channel, missed, newest, all) {
      const [chunk] = renderSlack(missedWords(missed, all));
      if (!chunk) return;
      // The same at each look, and looked for before: so it is said once.
      const once = { key: `missed:${newest}`, maybeRepeated: true, since: Number(newest) * 1_000 };
      await post({ platform: "slack", chat: channel, thread: null }, chunk, { replyTo: null, ...once }).catch(
        (error: unknown) => {
          if (asFailure(error).retryable) throw error;
          log.debug({ reason: reason(error) }, "what was missed could not be named");
        },
      );
    },
    signal,
    log,
  });
}

async function open({ options: { door, log }, apiUrl }: ReceivingParts, take: Intake["take"], again: () => void): Promise<Door> {
  switch (door?.type) {
    case "socket":
      return await openSocket({ appToken: door.appToken, apiUrl, take, again, log });
    case "http":
      return await openHttp({ ...door, take, log });
    case undefined:
      throw new Failure("config.invalid", "Slack has a bot token, but no way in", {
        advice: "Set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET to be called over HTTP.",
      });
  }
}
