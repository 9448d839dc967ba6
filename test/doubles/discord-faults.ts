/** How the server misbehaves. */
export type Fault =
  /** 429; nothing is done. */
  | { readonly kind: "limit"; readonly retryAfter: number; readonly global?: boolean }
  /** A refusal in the API's form; nothing is done. */
  | { readonly kind: "refuse"; readonly status: number; readonly code: number; readonly message: string }
  /** The connection is cut: before anything is done, or after it was done and not said. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** It is done, and then this is answered instead of the truth (a proxy's 502 page, half of a JSON text). */
  | { readonly kind: "garble"; readonly status: number; readonly body: string; readonly type?: string }
  /** It is done and answered, late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** It is never answered. */
  | { readonly kind: "hang" };

/** Which requests a fault strikes. */
export interface Target {
  /** `POST /channels/:id/messages`, with ids as `:id`; all when left out. */
  readonly route?: string;
  /** The first id in the path; all when left out. */
  readonly channel?: string;
  /** A piece of the query; all when left out. */
  readonly query?: string;
  /** How many of them; default 1. */
  readonly times?: number;
}

export interface Faults {
  /** What comes back takes it off again. */
  add(target: Target, fault: Fault): () => void;
  /** The fault for a request, used up by it. */
  next(route: string, channel: string, query: string): Fault | null;
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
    next(route, channel, query) {
      const hit = planned.find(
        ({ target, left }) =>
          left > 0 &&
          (target.route === undefined || target.route === route) &&
          (target.channel === undefined || target.channel === channel) &&
          (target.query === undefined || query.includes(target.query)),
      );
      if (!hit) return null;
      hit.left -= 1;
      return hit.fault;
    },
    clear() {
      planned = [];
    },
  };
}
