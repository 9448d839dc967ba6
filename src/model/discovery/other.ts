import { nothing, type Reader } from "./learnt.ts";
import { windowOf } from "./reading.ts";
import { smallWindow } from "./remarks.ts";

/** A server of no known kind may tell the window in its list, under one of these names; what a model was trained on is not among them. */
export const readOther: Reader = async (_answers, entry) => {
  const names = ["max_model_len", "n_ctx", "context_length", "context_window", "max_context_length", "max_input_tokens"];
  const window = names.map((name) => windowOf(entry?.[name])).find((found) => found !== null) ?? null;
  return { ...nothing, window, remarks: smallWindow(window, "give the server a larger one") };
};
