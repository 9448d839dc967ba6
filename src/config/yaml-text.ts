import { type Document, parseDocument, visit } from "yaml";

/** A text of YAML as plain values. Throws with one line that tells what is wrong. Aliases are refused: a few lines of them fill a memory. */
export function parseYamlText(text: string): unknown {
  return valueOf(parseDocument(text, { prettyErrors: false, logLevel: "silent" }));
}

/** The same of what somebody types: a number that would be written in another way (`1.10`, `007`, an id of 18 digits) stays their text. */
export function parseTypedText(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "number" && String(node.value) !== node.source) node.value = node.source;
    },
  });
  return valueOf(document);
}

function valueOf(document: Document): unknown {
  const [fault] = document.errors;
  if (fault !== undefined) throw new Error(firstLine(fault.message), { cause: fault });
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (thrown) {
    throw new Error(firstLine(thrown instanceof Error ? thrown.message : String(thrown)), { cause: thrown });
  }
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").slice(0, 200);
}
