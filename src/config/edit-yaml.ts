import { type Document, YAMLMap, YAMLSeq, isMap, isScalar, isSeq } from "yaml";
import { Failure } from "../core/failures.ts";
import { parseConfigText } from "./yaml-file.ts";

/** A place in config.yaml: names of mappings, and numbers in lists. */
export type Place = readonly (string | number)[];

/** The text of a config.yaml, to be changed in place: comments and everything else stay. Throws `config.invalid` when it can't be read. */
export function openDocument(text: string): Document {
  const { document, problem } = parseConfigText(text);
  if (problem === null) return document;
  throw new Failure("config.invalid", `config.yaml line ${problem.line} is not valid YAML: ${problem.text}.`, {
    advice: `Mend line ${problem.line} first; nothing was changed.`,
  });
}

/** Sets one value, making the sections above it where they are missing. */
export function setAt(document: Document, place: Place, value: unknown): void {
  if (document.contents === null || isScalar(document.contents)) document.contents = replacing(document, document.contents);
  for (let depth = 1; depth < place.length; depth += 1) makeSection(document, place.slice(0, depth), typeof place[depth]);
  setScalar(document, place, value);
}

/** Removes one value; false when there was none. */
export function removeAt(document: Document, place: Place): boolean {
  return document.hasIn(place) && document.deleteIn(place);
}

/** A section that has lost its last key goes too. */
export function dropEmptied(document: Document, place: Place): void {
  if (place.length === 0) return;
  const section = document.getIn(place, true);
  if (!isMap(section) || section.items.length > 0) return;
  removeAt(document, place);
  dropEmptied(document, place.slice(0, -1));
}

/** The document as text. */
export function render(document: Document): string {
  const text = document.toString({ lineWidth: 0 });
  // An emptied mapping would be written as `{}`.
  return text.trim() === "{}" ? "" : text;
}

/** A missing or empty section becomes a mapping (or a list); `model: name` becomes `model: {default: name}`. */
function makeSection(document: Document, place: Place, next: string): void {
  const present = document.getIn(place, true);
  const list = next === "number";
  if (list ? isSeq(present) : isMap(present)) return;
  if (present !== undefined && present !== null && !isScalar(present)) {
    throw new Failure("config.invalid", `${place.join(".")} in config.yaml is not a plain ${list ? "list" : "section"}.`, {
      advice: "Change it with an editor.",
    });
  }
  if (list) return document.setIn(place, new YAMLSeq(document.schema));
  const map = replacing(document, present ?? null);
  if (place.join(".") === "model" && isScalar(present) && typeof present.value === "string") map.set("default", present.value);
  document.setIn(place, map);
}

function replacing(document: Document, node: unknown): YAMLMap {
  const map = new YAMLMap(document.schema);
  if (isScalar(node)) {
    map.commentBefore = [node.commentBefore, node.comment].filter((comment) => typeof comment === "string").join("\n") || null;
  }
  return map;
}

/** Keeps the comment behind a value; the way the old one was typed (quotes, hex) goes with it. */
function setScalar(document: Document, place: Place, value: unknown): void {
  const old = document.getIn(place, true);
  const node = document.createNode(value);
  if (isScalar(old) && isScalar(node)) {
    node.comment = old.comment ?? null;
    node.commentBefore = old.commentBefore ?? null;
  }
  document.setIn(place, node);
}
