import { mainSeat, type TerminalHears, type TerminalPost } from "../../src/core/terminal.ts";
import type { TerminalVisit } from "../platform.ts";

/** Those who sit at the seats, and which seat's turns run. */
export interface Guests {
  /** Gives the seat that was wanted, or the first free one beside it. */
  sit(wanted: string, visit: TerminalVisit): string;
  leave(seat: string, visit: TerminalVisit): void;
  tell(seat: string, message: object): void;
  /** Tells of a message, and keeps it until the record's history surely has it. */
  post(seat: string, post: TerminalPost): void;
  /** What was posted in the last seconds, whether or not somebody sat there. */
  justPosted(seat: string): readonly TerminalPost[];
  note(turn: string, seat: string): void;
  isOf(turn: string, seat: string): boolean;
  close(): void;
}

/** The record is told that a message was sent within some milliseconds; this is for a database that has a bad moment. */
const justMs = 10_000;
/** Turns whose seat is known; more than ever run at a time. */
const notedTurns = 500;

export function createGuests(): Guests {
  const seats = new Map<string, TerminalVisit>();
  const turnSeats = new Map<string, string>();
  let posted: readonly { readonly seat: string; readonly post: TerminalPost; readonly at: number }[] = [];
  const recent = () => posted.filter(({ at }) => performance.now() - at < justMs);
  return {
    sit(wanted, visit) {
      // A second terminal beside the main one has a conversation of its own, the same one each time.
      const name = (place: number) => (place === 1 ? wanted : wanted === mainSeat ? String(place) : `${wanted} ${place}`);
      let place = 1;
      while (seats.has(name(place))) place += 1;
      seats.set(name(place), visit);
      return name(place);
    },
    leave(seat, visit) {
      if (seats.get(seat) === visit) seats.delete(seat);
    },
    tell: (seat, message) => seats.get(seat)?.say(message),
    post(seat, post) {
      posted = [...recent(), { seat, post, at: performance.now() }];
      seats.get(seat)?.say({ type: "post", ...post } satisfies TerminalHears);
    },
    justPosted: (seat) => recent().flatMap((each) => (each.seat === seat ? [each.post] : [])),
    note(turn, seat) {
      turnSeats.set(turn, seat);
      for (const oldest of turnSeats.keys()) {
        if (turnSeats.size <= notedTurns) break;
        turnSeats.delete(oldest);
      }
    },
    isOf: (turn, seat) => turnSeats.get(turn) === seat,
    close() {
      for (const visit of seats.values()) visit.leave();
      seats.clear();
    },
  };
}
