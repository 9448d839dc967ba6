import { type Finding, shown } from "./findings.ts";
import type { Config } from "./keys.ts";

/** Findings about values that are valid but risky or likely a slip. */
export function advice(config: Config): Finding[] {
  return [...openAccess(config), ...withoutVersion(config)];
}

function openAccess(config: Config): Finding[] {
  if (!config.access.open) return [];
  const message = "access.open is on: anyone who finds the bot can use it, its sandboxes and the model.";
  return [{ severity: "warning", key: "access.open", message, mend: "Turn it off and let people in with pairing codes." }];
}

/** OpenAI-compatible servers answer under /v1, which addresses pasted from their logs lack. */
function withoutVersion(config: Config): Finding[] {
  const url = config.model.baseUrl === null ? null : URL.parse(config.model.baseUrl);
  if (url === null) return [];
  const path = url.pathname.replace(/\/+$/, "");
  const endpoint = /\/(?:chat\/completions|completions|models|responses)$/.exec(path);
  if (path !== "" && endpoint === null) return [];
  const better = `${url.protocol}//${url.host}${endpoint === null ? "/v1" : path.slice(0, -endpoint[0].length)}`;
  const what = endpoint === null ? "has no /v1 at its end" : `ends in ${endpoint[0]}, which is added by itself`;
  const message = `model.base_url (or OPENAI_BASE_URL) is ${shown(config.model.baseUrl, false)}: it ${what}.`;
  return [{ severity: "warning", key: "model.base_url", message, mend: `Set it to ${better}.` }];
}
