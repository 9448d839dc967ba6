import OpenAI, { toFile } from "openai";
import { Failure } from "../core/failures.ts";
import { shownAddress } from "./address.ts";

/** Where speech is made into text; `baseUrl` null: nowhere. */
export interface HearingSettings {
  readonly baseUrl: string | null;
  readonly model: string;
  readonly apiKey: string | null;
  readonly timeoutMs: number;
}

export interface Recording {
  /** With the ending that tells its format. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is said in a recording, by an OpenAI-compatible `/audio/transcriptions`; null where none is set up. Throws a `Failure`. */
export async function hear(settings: HearingSettings, { name, bytes }: Recording, signal: AbortSignal): Promise<string | null> {
  const { baseUrl, model, apiKey, timeoutMs } = settings;
  if (baseUrl === null) return null;
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey ?? "none",
    // Null keeps the SDK from looking into the environment for these.
    adminAPIKey: null,
    organization: null,
    project: null,
    maxRetries: 1,
    timeout: timeoutMs,
    logLevel: "off",
  });
  try {
    const { text } = await client.audio.transcriptions.create({ file: await toFile(bytes, name), model }, { signal });
    return text.trim();
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof OpenAI.APIError && error.status !== undefined ? `status ${error.status}` : "no answer";
    throw new Failure("model.unreachable", `the speech server at ${shownAddress(baseUrl)} did not make text of it (${why})`, {
      advice: "Check stt.base_url and stt.model.",
      cause: error,
    });
  }
}
