import { type AuxiliaryTask, auxiliaryTasks } from "../core/model.ts";
import { address, text, whole } from "./kinds.ts";
import { row } from "./row.ts";

type Fields = ReturnType<typeof fieldsOf>;

/** `auxiliary.<task>.<field>`, a row for each. */
export type AuxiliaryKeys = {
  readonly [
    P in `auxiliary.${AuxiliaryTask}.${keyof Fields}`
  ]: P extends `auxiliary.${AuxiliaryTask}.${infer F extends keyof Fields}` ? Fields[F] : never;
};

/** Time limits as in the original. */
const jobs: Readonly<Record<AuxiliaryTask, { readonly job: string; readonly seconds: number }>> = {
  compression: { job: "summarises long conversations", seconds: 120 },
  title_generation: { job: "gives conversations a title", seconds: 30 },
  vision: { job: "describes pictures", seconds: 120 },
  session_search: { job: "sums up what a search of past conversations found", seconds: 60 },
  background_review: { job: "looks through talks for what is worth remembering", seconds: 120 },
  approval: { job: "judges commands", seconds: 30 },
};

/** The rows of the side jobs' models: the same fields for each. */
export const auxiliaryKeys = Object.fromEntries(
  auxiliaryTasks.flatMap((task) => Object.entries(fieldsOf(task)).map(([field, key]) => [`auxiliary.${task}.${field}`, key])),
  // The type says what this loop builds.
) as AuxiliaryKeys;

function fieldsOf(task: AuxiliaryTask) {
  const { job, seconds } = jobs[task];
  const effect = task === "compression" ? "compression" : "use";
  const auto = task === "session_search" ? "with `auto` and no model, excerpts are shown as they are" : "`auto` is the main one";
  return {
    provider: row(text("a provider's name, or auto"), "auto", `The provider of the model that ${job}; ${auto}.`, {
      effect,
      chat: true,
    }),
    model: row(text("a model's name"), null, `The model that ${job}; without it, the provider's.`, { effect, chat: true }),
    base_url: row(
      address(["http", "https"], "http://127.0.0.1:8001/v1"),
      null,
      `A server of its own for the model that ${job}.`,
      {
        effect,
      },
    ),
    api_key: row(text("a key"), null, `The key of the server of its own of the model that ${job}.`, {
      effect,
      secret: true,
      env: `AUXILIARY_${task.toUpperCase()}_API_KEY`,
    }),
    timeout: row(whole(1, 86_400, "seconds"), seconds, `How long the model that ${job} may take.`, { effect, chat: true }),
    context_length: row(
      whole(1_024, 10_000_000, "tokens"),
      null,
      `The window of the model that ${job}; without it, the server is asked.`,
      {
        effect,
        chat: true,
      },
    ),
  };
}
