import type { ApiMode } from "../settings.ts";

/** The mode that an address alone tells of, or null: it may be anything. */
export function modeOfAddress(address: string): ApiMode | null {
  const { hostname } = new URL(address);
  if (hostname === "api.openai.com" || hostname === "api.x.ai") return "responses";
  return anthropicHost(address) || /\/anthropic(?:\/v1)?$/.test(new URL(address).pathname) ? "anthropic_messages" : null;
}

/** Whether this is Anthropic itself, which wants its key in a header of its own and nowhere else. */
export function anthropicHost(address: string): boolean {
  return new URL(address).hostname === "api.anthropic.com";
}
