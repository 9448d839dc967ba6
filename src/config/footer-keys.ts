import { z } from "zod";
import type { Kind } from "./kinds.ts";
import { toggle } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { row } from "./row.ts";

/** What a footer can say, in any order. */
export const footerFields = ["model", "tokens", "context_pct", "session_time", "turn_time"] as const;
export type FooterField = (typeof footerFields)[number];

const expected = `a list of ${footerFields.join(", ")}`;

/** A list of fields: a YAML list, or text with commas. Others are left out, and said to be. */
function fields(): Kind<readonly FooterField[]> {
  const known = (raw: unknown): unknown => (Array.isArray(listed(raw)) ? namesIn(raw).filter(isField) : raw);
  return {
    schema: z.preprocess(known, z.array(z.enum(footerFields))),
    expected,
    faults: (raw) =>
      namesIn(raw)
        .filter((name) => !isField(name))
        .map((name) => ({
          severity: "warning",
          at: "",
          message: ` has ${JSON.stringify(name)}, which no footer shows; it is left out.`,
          mend: mendFor(name),
        })),
  };
}

function mendFor(name: string): string {
  // The original's third field: here commands run in a sandbox, always in the same place.
  if (name === "cwd") return "Remove it: the workspace is the same for every answer.";
  const meant = nearest(name, footerFields);
  return meant === null ? `Expected ${expected}.` : `Did you mean ${meant}?`;
}

function isField(name: string): name is FooterField {
  return (footerFields as readonly string[]).includes(name); // wider, to look any name up in it
}

function namesIn(raw: unknown): readonly string[] {
  const list = listed(raw);
  return Array.isArray(list) ? list.map((name) => String(name).trim()).filter(Boolean) : [];
}

function listed(raw: unknown): unknown {
  return typeof raw === "string" ? raw.split(",") : raw;
}

const own = "The same for this platform alone; without it, as everywhere.";
const here = { effect: "message", chat: true } as const;

/** The rows of the line below answers. */
export const footerKeys = {
  "display.runtime_footer.enabled": row(
    toggle(),
    false,
    "Whether answers end in a line about the model, the window's use and the time they took; `/footer` switches it for one chat.",
    here,
  ),
  "display.runtime_footer.fields": row(fields(), ["model", "tokens", "context_pct", "turn_time"], "What that line says.", here),
  "display.platforms.telegram.runtime_footer.enabled": row(toggle(), null, own, here),
  "display.platforms.discord.runtime_footer.enabled": row(toggle(), null, own, here),
  "display.platforms.slack.runtime_footer.enabled": row(toggle(), null, own, here),
  "display.platforms.web.runtime_footer.enabled": row(toggle(), null, "The same for the local page alone.", here),
};
