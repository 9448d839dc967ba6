import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { mostFiles } from "../../../src/core/files.ts";

/** The files that somebody names: one path as it stands, or several as a shell reads them. What there isn't comes back as it was named. */
export function namedPaths(text: string): readonly string[] {
  const whole = placeOf(text.trim());
  if (isFile(whole)) return [whole];
  const words = shellWords(text).map(placeOf);
  return words.length === 1 || (words.length > 1 && words.every(isFile)) ? words : [whole];
}

/** The files that a terminal has been given by dropping them onto it: then it types where they are. Null: this is text. */
export function droppedPaths(text: string): readonly string[] | null {
  if (text.length > mostFiles * longestPath || !/^\s*['"]?(?:\/|~\/|file:\/\/)/.test(text)) return null;
  const paths = namedPaths(text);
  return paths.length <= mostFiles && paths.every(isFile) ? paths : null;
}

/** What the end of a path can be, each with all that stands before it; folders with a slash. */
export function pathsFrom(typed: string): readonly string[] {
  if (typed === "~") return ["~/"];
  const folder = typed.slice(0, typed.lastIndexOf("/") + 1);
  const begun = typed.slice(folder.length);
  try {
    return readdirSync(placeOf(folder === "" ? "." : folder), { withFileTypes: true })
      .filter(({ name }) => name.startsWith(begun) && (begun.startsWith(".") || !name.startsWith(".")) && !/\p{Cc}/u.test(name))
      .map((entry) => {
        const path = `${folder}${entry.name}`;
        const goesOn = entry.isDirectory() || (entry.isSymbolicLink() && !isFile(placeOf(path)));
        return goesOn ? `${path}/` : path;
      })
      .toSorted()
      .slice(0, mostOffered);
  } catch {
    return [];
  }
}

/** As systems have it, in characters. */
const longestPath = 4_096;
const mostOffered = 200;

function shellWords(text: string): readonly string[] {
  const words = text.match(/(?:[^\s'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(
      /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])/g,
      (_, single?: string, double?: string, plain?: string) => single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? plain ?? "",
    ),
  );
}

function placeOf(path: string): string {
  if (path.startsWith("file://")) {
    try {
      return fileURLToPath(path);
    } catch {
      return path;
    }
  }
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
