import { Failure } from "../core/failures.ts";
import type { Flaw } from "./notes.ts";

/** A turn that keeps killing its workers. */
export function tooManyAttempts(attempts: number): Failure {
  return new Failure("turn.limit", `this request stopped its worker ${attempts} times`, {
    advice: "Ask it in another way, or in smaller parts.",
    about: { say: "attempts", count: attempts },
  });
}

/** All steps are used, and the closing answer said nothing. */
export function stepLimit(steps: number): Failure {
  return new Failure("turn.limit", `the request took all of its ${steps} steps without an answer`, {
    advice: "Ask for a smaller part, or raise agent.max_turns.",
    about: { say: "steps", count: steps },
  });
}

/** Only calls that were not run again came, and the closing answer said nothing. */
export function circling(): Failure {
  return new Failure("turn.limit", "the model kept making the same calls with the same results, without an answer", {
    advice: "Ask it in another way, or take another model with /model.",
    about: { say: "circling" },
  });
}

/** The model's calls failed however they were asked for. */
export function struckOut(model: string): Failure {
  return new Failure(
    "model.broken",
    `${model} kept calling tools in a way that can't be run, even when its answer was forced into a form`,
    {
      advice: "Run `hermes doctor` to see how well it calls tools, or take another model with /model.",
      about: { say: "struck_out", model },
    },
  );
}

/** The model wrote the same block again and again, also after it was told. */
export function repeating(): Failure {
  return new Failure("model.broken", "the model began to repeat itself without end", {
    advice: "Send /retry to ask again, or take another model with /model.",
    about: { say: "repeating" },
  });
}

/** An answer that stayed flawed however often it was asked for again. */
export function flawed(flaw: Flaw): Failure {
  switch (flaw) {
    case "empty":
      return new Failure("model.empty", "the model gave an empty answer", {
        advice: "Send /retry to ask again.",
        about: { say: "empty" },
      });
    case "overthought":
      return new Failure("model.empty", "the model thought until its answer was cut off, and said nothing", {
        advice: "Lower agent.reasoning_effort, or raise model.max_tokens.",
        about: { say: "overthought" },
      });
    case "cut":
      return new Failure("model.broken", "the model's tool calls were cut off by the length limit again and again", {
        advice: "Raise model.max_tokens (or the server's own limit), or ask for a smaller part.",
        about: { say: "cut" },
      });
    case "malformed":
      return new Failure("model.broken", "the model's tool calls could not be read", {
        advice: "Run `hermes doctor` to see how well it calls tools.",
        about: { say: "malformed" },
      });
    case "unfit":
      return new Failure("model.broken", "the model's answer did not have the form that was asked for", {
        about: { say: "unfit" },
      });
    case "repeating":
      return repeating();
  }
}
