import { address, text, whole } from "./kinds.ts";
import { row } from "./row.ts";

/** The rows of making text of voice messages. */
export const sttKeys = {
  "stt.base_url": row(
    address(["http", "https"], "http://127.0.0.1:8002/v1"),
    null,
    "An OpenAI-compatible server that makes text of speech; without it, voice messages are kept as files and not heard.",
    { env: "STT_BASE_URL", effect: "use" },
  ),
  "stt.model": row(text("a model's name"), "whisper-1", "The model it is asked for.", { effect: "use" }),
  "stt.api_key": row(text("a key"), null, "Its key, where it wants one.", { env: "STT_API_KEY", secret: true, effect: "use" }),
  "stt.timeout": row(whole(1, 3_600, "seconds"), 60, "How long it may take for one recording.", { effect: "use" }),
};
