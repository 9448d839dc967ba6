import { type Params, whole } from "./telegram-wire.ts";

/** How the server misbehaves. */
export type Fault =
  /** 429; nothing is done. */
  | { readonly kind: "limit"; readonly retryAfter: number }
  /** Any refusal in the API's form; nothing is done. */
  | {
      readonly kind: "refuse";
      readonly code: number;
      readonly description: string;
      readonly parameters?: Readonly<Record<string, number>>;
    }
  /** The connection is cut: before anything is done, or after it was done and not said. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** It is done, and then this is answered instead of the truth (a 502 page of a proxy, half of a JSON text). */
  | { readonly kind: "garble"; readonly status: number; readonly body: string; readonly type?: string }
  /** It is done and answered, late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** It is never answered. */
  | { readonly kind: "hang" };

/** Which requests a fault strikes. */
export interface Target {
  /** All methods when left out. */
  readonly method?: string;
  /** All chats when left out. */
  readonly chat?: number;
  /** How many of them; default 1. */
  readonly times?: number;
}

export interface Faults {
  /** What comes back takes it off again. */
  add(target: Target, fault: Fault): () => void;
  /** The fault for a request, used up by it. */
  next(method: string, params: Params): Fault | null;
  clear(): void;
}

export function createFaults(): Faults {
  let planned: { readonly target: Target; readonly fault: Fault; left: number }[] = [];
  return {
    add(target, fault) {
      const plan = { target, fault, left: target.times ?? 1 };
      planned.push(plan);
      return () => void (plan.left = 0);
    },
    next(method, params) {
      const chat = whole(params["chat_id"]);
      const matches = (target: Target): boolean =>
        (target.method === undefined || target.method === method) && (target.chat === undefined || target.chat === chat);
      const hit = planned.find(({ target, left }) => left > 0 && matches(target));
      if (!hit) return null;
      hit.left -= 1;
      return hit.fault;
    },
    clear() {
      planned = [];
    },
  };
}
