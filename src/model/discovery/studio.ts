import { nothing, type Learnt, type Reader } from "./learnt.ts";
import { at, countOf, flagOf, objectsOf, textOf, textsOf, windowOf, type Json } from "./reading.ts";
import { smallWindow } from "./remarks.ts";

/** LM Studio tells of a loaded model how it was loaded; of another only what it could take at most, which is no promise. */
export const readStudio: Reader = async (answers, entry, model) => {
  const name = model ?? textOf(at(entry, "id"));
  const newer = objectsOf(at(answers.studio.body, "models"));
  if (newer.length === 0) return readOlder(objectsOf(at(answers.olderStudio.body, "data")), name);
  const found = newer.find((it) => isNamed(it, name)) ?? (name === null ? newer.find(isLoaded) : undefined);
  if (found === undefined) return { ...nothing, settled: false };
  const instances = objectsOf(found["loaded_instances"]);
  const config = at(instances.find((it) => it["id"] === name) ?? instances[0], "config");
  const window = windowOf(at(config, "context_length"));
  const tools = flagOf(at(found, "capabilities", "trained_for_tool_use"));
  const options = textsOf(at(found, "capabilities", "reasoning", "allowed_options"));
  return {
    ...nothing,
    window,
    // Before it could work in parallel, it took one request after the other.
    slots: countOf(at(config, "parallel")) ?? 1,
    vision: flagOf(at(found, "capabilities", "vision")),
    tools,
    thinking: options?.includes("off") ?? null,
    effort: options === null ? /gpt-?oss/i.test(textOf(found["key"]) ?? "") : options.includes("low"),
    remarks: [...smallWindow(window, mend), ...untrained(tools, name)],
    settled: instances.length > 0,
  };
};

const mend = "load the model with a longer context (its settings in LM Studio, or `lms load --context-length 32768`)";

function isNamed(entry: Json, name: string | null): boolean {
  if (name === null) return false;
  const instances = objectsOf(entry["loaded_instances"]).some((it) => it["id"] === name);
  return entry["key"] === name || instances || (textsOf(entry["variants"])?.includes(name) ?? false);
}

function isLoaded(entry: Json): boolean {
  return objectsOf(entry["loaded_instances"]).length > 0;
}

/** The list of versions before 0.4. */
function readOlder(entries: readonly Json[], name: string | null): Learnt {
  const found = entries.find((it) => it["id"] === name) ?? entries.find((it) => name === null && it["state"] === "loaded");
  if (found === undefined) return { ...nothing, slots: 1, settled: false };
  const loaded = found["state"] === "loaded";
  const window = loaded ? windowOf(found["loaded_context_length"]) : null;
  const tools = textsOf(found["capabilities"])?.includes("tool_use") ?? null;
  return {
    ...nothing,
    window,
    slots: 1,
    vision: textOf(found["type"]) === null ? null : found["type"] === "vlm",
    tools,
    effort: /gpt-?oss/i.test(name ?? ""),
    remarks: [...smallWindow(window, mend), ...untrained(tools, name)],
    settled: loaded,
  };
}

function untrained(tools: boolean | null, name: string | null): readonly string[] {
  if (tools !== false) return [];
  return [`${name ?? "The model"} was not trained to use tools, says LM Studio: take one with the hammer badge, such as Qwen3.`];
}
