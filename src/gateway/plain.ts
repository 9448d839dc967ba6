import type { Inbound } from "../core/inbound.ts";
import { codeIn } from "../people/invitations.ts";

/** Nothing but words for the agent: no command, no code, no file, no piece of something. */
export function isPlain(inbound: Inbound): boolean {
  return (
    inbound.type === "message" &&
    inbound.addressed &&
    inbound.part === undefined &&
    inbound.files === undefined &&
    /^[^/\s]/.test(inbound.text) &&
    codeIn(inbound.text) === null
  );
}
