import type { Inlet } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Log } from "../../src/core/log.ts";
import { createTelegram, type TelegramOptions } from "../../adapters/telegram/adapter.ts";
import { type TelegramCall, type TelegramServer, telegramServer, type TelegramServerOptions } from "../doubles/telegram.ts";

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** An inlet that remembers, and refuses the next few when told to. */
export interface RecordingInlet extends Inlet {
  readonly received: Inbound[];
  /** How many of the next calls are refused. */
  refuse: number;
  refused: number;
  /** Called before an event is taken. */
  before: (inbound: Inbound) => Promise<void>;
}

export function recordingInlet(): RecordingInlet {
  const inlet: RecordingInlet = {
    received: [],
    refuse: 0,
    refused: 0,
    before: async () => undefined,
    async receive(inbound) {
      await inlet.before(inbound);
      if (inlet.refuse > 0) {
        inlet.refuse -= 1;
        inlet.refused += 1;
        throw new Failure("state.unavailable", "the disk is full", { retryable: true });
      }
      inlet.received.push(inbound);
    },
  };
  return inlet;
}

function recordingLog(): { readonly log: Log; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: keyof Log) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push({ level, fields, message });
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

const testToken = "42:AAtestTokenForTheDoubleOfTelegram_0123";

/** A double, an adapter on it, and what both have seen. */
export async function telegramRig(server: TelegramServerOptions = {}, overrides: Partial<TelegramOptions> = {}) {
  const tg: TelegramServer = await telegramServer({ token: testToken, username: "hermes_test_bot", ...server });
  const inlet = recordingInlet();
  const { log, lines } = recordingLog();
  const kept = new Map<string, string>();
  const moves: (readonly [string, string])[] = [];
  const settings = {
    get: async (key: string) => kept.get(key) ?? null,
    set: async (key: string, value: string) => void kept.set(key, value),
  };
  const make = (more: Partial<TelegramOptions> = {}) =>
    createTelegram({
      token: tg.token,
      apiRoot: tg.url,
      richMessages: "off",
      webhook: null,
      commands: async () => [{ name: "help", aliases: [], description: "What I can do" }],
      rulers: async () => [],
      moved: async (from, to) => void moves.push([from, to]),
      settings,
      log,
      ...overrides,
      ...more,
    });
  const adapter = make();
  const received = async (count: number) => await tg.waitFor(() => inlet.received.length >= count && inlet.received);
  return {
    tg,
    adapter,
    make,
    inlet,
    lines,
    kept,
    moves,
    /** The calls of one method so far. */
    callsOf: (method: string): readonly TelegramCall[] => tg.calls.filter((call) => call.method === method),
    /** Resolves when this many events have been taken. */
    received,
    async [Symbol.asyncDispose]() {
      await adapter.close();
      await tg.close();
    },
  };
}

export function chatRef(chat: number, thread: number | null = null): ChatRef {
  return { platform: "telegram", chat: String(chat), thread: thread === null ? null : String(thread) };
}
