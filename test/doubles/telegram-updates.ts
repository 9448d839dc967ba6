import { list, type Params, Refusal, whole } from "./telegram-wire.ts";

export interface TelegramUpdate extends Params {
  readonly update_id: number;
}

/** The queue behind `getUpdates`. */
export interface Updates {
  /** The highest update id that was confirmed; 0 when none was. */
  confirmed(): number;
  /** How many wait for confirmation. */
  pending(): number;
  push(body: Params): number;
  /** Delivers an update once more, though it was confirmed. */
  redeliver(update: number): void;
  /** What comes is kept back until it is released. */
  hold(): void;
  release(order?: "kept" | "reversed"): void;
  /** Waits, as the server does, until there is something or the time is over. */
  poll(params: Params, gone: AbortSignal): Promise<readonly TelegramUpdate[]>;
}

const firstUpdate = 1001;
/** What a bot is not told unless it asks for it by name. */
const unasked = ["chat_member", "message_reaction", "message_reaction_count"];

type Told = "news" | "time" | "gone" | "ousted";

interface Poll {
  wake(): void;
  /** Another poll has come. */
  oust(): void;
}

export function createUpdates(changed: () => void): Updates {
  const all: TelegramUpdate[] = [];
  let waiting: TelegramUpdate[] = [];
  const again: TelegramUpdate[] = [];
  let confirmed = 0;
  let allowed: readonly unknown[] = [];
  let current: Poll | null = null;
  let held: TelegramUpdate[] | null = null;

  const confirm = (offset: number): void => {
    const upTo = offset < 0 ? (waiting.at(offset)?.update_id ?? 0) : offset;
    if (upTo === 0) return;
    waiting = waiting.filter(({ update_id }) => update_id >= upTo);
    confirmed = Math.max(confirmed, upTo - 1);
    changed();
  };
  return {
    confirmed: () => confirmed,
    pending: () => waiting.length,
    push(body) {
      const update = { update_id: firstUpdate + all.length, ...body };
      all.push(update);
      const kind = Object.keys(body)[0] ?? "";
      // What a bot has not asked for is not kept for it.
      if (allowed.length > 0 ? allowed.includes(kind) : !unasked.includes(kind)) (held ?? waiting).push(update);
      current?.wake();
      return update.update_id;
    },
    hold: () => void (held ??= []),
    release(order = "kept") {
      waiting.push(...(order === "kept" ? (held ?? []) : (held ?? []).toReversed()));
      held = null;
      current?.wake();
    },
    redeliver(id) {
      const update = all.find(({ update_id }) => update_id === id);
      if (!update) throw new Error(`there was no update ${id}`);
      again.push(update);
      current?.wake();
    },
    async poll(params, gone) {
      if (params["allowed_updates"] !== undefined) allowed = list(params["allowed_updates"]);
      current?.oust();
      current = null;
      confirm(whole(params["offset"]) ?? 0);
      const limit = Math.min(100, Math.max(1, whole(params["limit"]) ?? 100));
      const seconds = Math.min(50, Math.max(0, whole(params["timeout"]) ?? 0));
      if (waiting.length === 0 && again.length === 0 && seconds > 0) {
        const told = await news(seconds * 1_000, gone, (poll) => {
          current = poll;
        });
        if (told === "ousted") throw conflict();
        current = null;
        // Whoever asked is no longer there: nothing may be taken for delivered.
        if (told === "gone") return [];
      }
      return [...again.splice(0), ...waiting].slice(0, limit);
    },
  };
}

function conflict(): Refusal {
  return new Refusal(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running");
}

function news(ms: number, gone: AbortSignal, enter: (poll: Poll) => void): Promise<Told> {
  return new Promise((resolve) => {
    const end = (why: Told): void => {
      clearTimeout(timer);
      gone.removeEventListener("abort", leave);
      resolve(why);
    };
    const leave = (): void => end("gone");
    const timer = setTimeout(() => end("time"), ms);
    gone.addEventListener("abort", leave);
    enter({ wake: () => end("news"), oust: () => end("ousted") });
  });
}
