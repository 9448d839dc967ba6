import type { Adapter } from "../../src/core/adapter.ts";
import type { PlatformParts } from "../platform.ts";
import { createTerminal } from "./adapter.ts";

/** Makes the terminals' side of the service. Nothing is loaded for it that a service without terminals would not need. */
export async function create({ config, terminal, offered, suggest, settings, log }: PlatformParts): Promise<Adapter> {
  return createTerminal({ home: config.home, ...terminal, offered, suggest, settings, log });
}
