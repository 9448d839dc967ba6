/** Which slot of a llama-server a session's requests name, so that its cache is found again. */
export interface Slots {
  /**
   * The slot for a request of this session, of so many that the server has: its own while that is idle, else the idle one unused the
   * longest, which is its own from now on. Null (a side job) takes such a slot and leaves it to nobody. Null when none is idle.
   */
  take(session: string | null, count: number): PinnedSlot | null;
  /** The two unused the longest: where a probe does the least harm. */
  spare(count: number): readonly [number, number];
  forget(): void;
}

export interface PinnedSlot {
  readonly id: number;
  leave(): void;
}

interface Slot {
  readonly id: number;
  session: string | null;
  usedAt: number;
  busy: boolean;
}

/** A table of one server's slots. */
export function newSlots(): Slots {
  let slots: Slot[] = [];
  let clock = 0;
  const sized = (count: number): Slot[] => {
    if (slots.length !== count)
      slots = Array.from({ length: count }, (_, id) => slots[id] ?? { id, session: null, usedAt: 0, busy: false });
    return slots;
  };
  return {
    take: (session, count) => {
      const idle = sized(count).filter((slot) => !slot.busy);
      const own = session === null ? undefined : idle.find((slot) => slot.session === session);
      const slot = own ?? oldest(idle);
      if (slot === undefined) return null;
      if (session !== null) for (const other of slots) if (other.session === session) other.session = null;
      Object.assign(slot, { session, busy: true, usedAt: ++clock });
      return {
        id: slot.id,
        leave: () => {
          slot.busy = false;
          slot.usedAt = session === null ? 0 : ++clock;
        },
      };
    },
    spare: (count) => {
      const [first, second] = sized(count).toSorted(byAge);
      return [first?.id ?? 0, second?.id ?? 1];
    },
    forget: () => {
      slots = [];
    },
  };
}

function oldest(slots: readonly Slot[]): Slot | undefined {
  return slots.toSorted(byAge)[0];
}

/** Those that belong to nobody first. */
function byAge(a: Slot, b: Slot): number {
  return Number(a.session !== null) - Number(b.session !== null) || a.usedAt - b.usedAt;
}
