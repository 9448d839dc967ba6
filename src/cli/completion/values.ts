import { z } from "zod";
import { findKey, keyOf, keyPaths, sections } from "../../config/keys.ts";
import { callControl } from "../../gateway/control-socket.ts";
import type { ValueKind } from "./tree.ts";

/** Whoever presses Tab does not wait longer. */
const withinMs = 1_000;

/** What may stand somewhere, for a shell: of the configuration's keys, or, where a service runs, of what it knows. Never throws. */
export async function valuesOf(home: string, kind: ValueKind, of: string): Promise<readonly string[]> {
  try {
    return await found(home, kind, of);
  } catch {
    return [];
  }
}

const named = z.array(z.object({ name: z.string() }));

async function found(home: string, kind: ValueKind, of: string): Promise<readonly string[]> {
  const ask = async (command: string, args: readonly string[]): Promise<unknown> => {
    const reply = await callControl(home, { command, args }, withinMs);
    return reply?.ok === true ? JSON.parse(reply.text) : null;
  };
  switch (kind) {
    case "keys":
      return keyPaths;
    case "sections":
      return [...sections].toSorted();
    case "settings":
      return settingsOf(of);
    case "skills": {
      const skills = z.object({ installed: named, available: named });
      const { installed, available } = skills.parse(await ask("skills", ["json", "list"]));
      return [...installed, ...available].map(({ name }) => name);
    }
    case "schedules":
      return named.parse(await ask("cron", ["json", "list"])).map(({ name }) => name);
    case "sessions": {
      const list = { do: "list", limit: 50 };
      const all = z.array(z.object({ id: z.string() })).parse(await ask("sessions", [JSON.stringify(list)]));
      return all.map(({ id }) => id.slice(0, 8));
    }
    case "people":
      return named.parse(await ask("people", [JSON.stringify({ do: "list" })])).map(({ name }) => name);
    case "codes":
      return z
        .array(z.object({ code: z.string() }))
        .parse(await ask("pairing.list", []))
        .map(({ code }) => code);
  }
}

/** The words that a key may be. */
function settingsOf(name: string): readonly string[] {
  const path = findKey(name);
  if (path === null) return [];
  const { kind } = keyOf(path);
  return kind.words ?? (kind.expected === "true or false" ? ["true", "false"] : []);
}
