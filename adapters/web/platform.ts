import type { Adapter } from "../../src/core/adapter.ts";
import type { PlatformParts } from "../platform.ts";
import { createWeb } from "./index.ts";

/** Makes the local page from the configuration. */
export async function create(parts: PlatformParts): Promise<Adapter> {
  const { host, port } = parts.config.http;
  return createWeb({ host, port, ...parts.page, log: parts.log });
}
