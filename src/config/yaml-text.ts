import { parse } from "yaml";

/** A text of YAML as plain values. Throws with one line that tells what is wrong. Aliases are refused: a few lines of them fill a memory. */
export function parseYamlText(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, prettyErrors: false, logLevel: "silent" });
  } catch (thrown) {
    const [line = ""] = (thrown instanceof Error ? thrown.message : String(thrown)).split("\n");
    throw new Error(line.slice(0, 200), { cause: thrown });
  }
}
