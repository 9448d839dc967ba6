import { nothing, type Reader } from "./learnt.ts";
import { at, counted, objectsOf, textOf, textsOf, windowOf, type Json } from "./reading.ts";
import { leastWindow } from "./remarks.ts";

/**
 * Ollama cuts a prompt that is too long without a word, so only a window that is really there counts: the loaded model's, else the one
 * in its parameters. What the file could take at most says nothing.
 */
export const readOllama: Reader = async (answers, entry, model, ask) => {
  const name = model ?? textOf(at(entry, "id"));
  const version = textOf(at(answers.ollama.body, "version"));
  // One request at a time unless OLLAMA_NUM_PARALLEL says otherwise, which nothing tells.
  if (name === null) return { ...nothing, version, slots: 1, settled: false };
  const [show, running] = await Promise.all([ask.post("/api/show", { model: name }), ask.get("/api/ps")]);
  const loaded = objectsOf(at(running.body, "models")).find((it) => [it["model"], it["name"]].some((id) => isSame(id, name)));
  const really = windowOf(loaded?.["context_length"]);
  const window = really ?? parameterOf(show.body);
  const capabilities = textsOf(at(show.body, "capabilities"));
  const has = (capability: string): boolean | null => capabilities?.includes(capability) ?? null;
  return {
    version,
    window,
    slots: 1,
    vision: has("vision"),
    tools: has("tools"),
    thinking: has("thinking"),
    effort: show.body === null ? null : knowsLevels(show.body, name),
    remarks:
      show.status === 404 ? [absent(name)] : [...cutting(window, name), ...(has("tools") === false ? [noTools(name)] : [])],
    settled: really !== null,
  };
};

/** `qwen3` is `qwen3:latest`. */
function isSame(listed: unknown, wanted: string): boolean {
  return listed === wanted || listed === `${wanted}:latest`;
}

/** `num_ctx` of the model's parameters, which are lines of a name and a value. */
function parameterOf(show: Json | null): number | null {
  const found = /^\s*num_ctx\s+(\d+)\s*$/m.exec(textOf(at(show, "parameters")) ?? "");
  return found === null ? null : windowOf(Number(found[1]));
}

/** Other models that think know on and off only; a level is refused. */
function knowsLevels(show: Json, name: string): boolean {
  const family = textOf(at(show, "details", "family")) ?? "";
  return /^gpt-?oss$/i.test(family) || /gpt-?oss/i.test(name);
}

function cutting(window: number | null, name: string): readonly string[] {
  const mend = "set OLLAMA_CONTEXT_LENGTH=32768 (or as much as fits) where Ollama runs and start it again";
  if (window === null) {
    return [`Ollama has not loaded ${name}, so its window is unknown; by default it is 4,096 on cards under 24 GB: ${mend}.`];
  }
  if (window >= leastWindow) return [];
  return [`Ollama gives ${name} ${counted(window)} tokens and cuts longer prompts without a word: ${mend}.`];
}

function absent(name: string): string {
  return `Ollama has no model ${name}: fetch it (\`ollama pull ${name}\`), or pick one that it has (\`hermes model\`).`;
}

function noTools(name: string): string {
  return `${name} has no tools by Ollama's account, which then refuses them: take a model that has, such as \`ollama pull qwen3\`.`;
}
