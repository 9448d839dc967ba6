import type { ModelRequest } from "../../core/model.ts";
import type { WireChunk } from "../answer.ts";
import type { WireSetting } from "../wire.ts";

/** One way to speak to a model server: what goes out, and how what comes in becomes chunks of the one form that answers are built from. */
export interface Mode {
  /** The endpoint, below the base URL. */
  readonly path: string;
  /** The request's body. It depends on its arguments only, byte for byte: a server's prefix cache lives on that. */
  body(request: ModelRequest, setting: WireSetting): Readonly<Record<string, unknown>>;
  /** A reader for the events of the answer to this request. */
  reader(request: ModelRequest, setting: WireSetting): ModeReader;
}

/** Reads one answer. */
export interface ModeReader {
  /** The chunk that an event makes, or null when it says nothing. */
  event(json: Readonly<Record<string, unknown>>): WireChunk | null;
  /** A whole answer, not streamed, as one chunk; null when it is none. */
  whole(json: unknown): WireChunk | null;
}
