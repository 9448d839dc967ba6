import { mainSeat } from "../../src/core/terminal.ts";
import type { TerminalVisit } from "../platform.ts";

/** Those who sit at the seats, and which seat's turns run. */
export interface Guests {
  /** Gives the seat that was wanted, or the first free one beside it. */
  sit(wanted: string, visit: TerminalVisit): string;
  leave(seat: string, visit: TerminalVisit): void;
  tell(seat: string, message: object): void;
  note(turn: string, seat: string): void;
  isOf(turn: string, seat: string): boolean;
  close(): void;
}

/** Turns whose seat is known; more than ever run at a time. */
const notedTurns = 500;

export function createGuests(): Guests {
  const seats = new Map<string, TerminalVisit>();
  const turnSeats = new Map<string, string>();
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
