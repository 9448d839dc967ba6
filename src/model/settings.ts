import type { AuxiliaryTask, Effort, ModelChoice } from "../core/model.ts";

/** How a server is spoken to. */
export type ApiMode = "chat_completions" | "responses" | "anthropic_messages";

/** One server, or several of the same model, under a name. */
export interface ProviderSetting {
  /** As the configuration names it; `main` for `model.base_url`. */
  readonly name: string;
  /** One or more base URLs of the same model; a session stays with one of them. */
  readonly baseUrls: readonly string[];
  readonly apiKey: string | null;
  /** Where the key is set, for a message to the person: `OPENAI_API_KEY (model.api_key)`. */
  readonly keyPlace: string;
  readonly apiMode: ApiMode | "auto";
  /** The model to ask for, or null: the first that the server lists. */
  readonly model: string | null;
  /** Tokens of a request, or null: ask the server. By model where a map says so, else for all. */
  readonly contextLength: number | null;
  readonly contextLengths: Readonly<Record<string, number>>;
  /** Requests at once per server, or null: as many as it has slots. */
  readonly concurrency: number | null;
}

/** A side job's own model; `auto` takes the main one. */
export interface AuxiliarySetting {
  /** `auto`, or a provider's name. */
  readonly provider: string;
  readonly model: string | null;
  /** A server of its own, under no name. */
  readonly baseUrl: string | null;
  readonly apiKey: string | null;
  readonly contextLength: number | null;
  readonly timeoutMs: number;
}

/** What the configuration says of models, as it is now. */
export interface ModelSettings {
  /** The configured server, or null: look at `probe`. */
  readonly main: ProviderSetting | null;
  /** How to speak to a server found by probing: the main one's setting without an address. */
  readonly found: ProviderSetting;
  readonly providers: readonly ProviderSetting[];
  /** What to try, in order, when the main model fails. */
  readonly fallbacks: readonly ModelChoice[];
  readonly auxiliary: Readonly<Record<AuxiliaryTask, AuxiliarySetting>>;
  /** Addresses tried when there is no server configured, best first. */
  readonly probe: readonly string[];
  readonly effort: Effort;
  readonly maxTokens: number | null;
  /** Longest silence within an answer, and before its first byte. */
  readonly stallMs: number;
  readonly prefillMs: number;
  readonly slotPinning: "auto" | "on" | "off";
}
