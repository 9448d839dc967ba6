import type { SkillFile } from "../core/skill.ts";
import { textOf } from "./bundle.ts";

/** What one set of files would become, a few lines of unified form for each file that differs. */
export function changesOf(before: readonly SkillFile[], after: readonly SkillFile[]): string {
  const paths = [...new Set([...before, ...after].map(({ path }) => path))].toSorted();
  return paths
    .flatMap((path) => {
      const [old, fresh] = [before, after].map((files) => files.find((file) => file.path === path));
      if (old && fresh && Buffer.from(old.bytes).equals(fresh.bytes) && old.executable === fresh.executable) return [];
      const head = old === undefined ? `+++ ${path} (new)` : fresh === undefined ? `--- ${path} (removed)` : `*** ${path}`;
      const [one, two] = [lines(old), lines(fresh)];
      if (one === null || two === null) return [head, `(${fresh?.bytes.length ?? 0} bytes, not a text)`];
      return [head, ...lineChanges(one, two)];
    })
    .join("\n");
}

function lines(file: SkillFile | undefined): readonly string[] | null {
  if (file === undefined) return [];
  try {
    return textOf(file).replace(/\n$/, "").split("\n");
  } catch {
    return null;
  }
}

/** Larger texts are compared by their beginnings and ends alone. */
const mostCells = 1_500_000;

/** Lines that went (`-`) and came (`+`), with their neighbours' places. */
function lineChanges(before: readonly string[], after: readonly string[]): readonly string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const [old, fresh] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const steps =
    old.length * fresh.length > mostCells
      ? [...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)]
      : aligned(old, fresh);
  const shown: string[] = [];
  let number = start + 1;
  let inside = false;
  for (const step of steps) {
    const same = step.startsWith(" ");
    if (!same && !inside) shown.push(`@@ line ${number}`);
    inside = !same;
    if (!same) shown.push(step);
    if (!step.startsWith("-")) number += 1;
  }
  return shown;
}

/** The longest common sequence of lines, told as steps. */
function aligned(old: readonly string[], fresh: readonly string[]): readonly string[] {
  const width = fresh.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number): number => table[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1)
    for (let column = fresh.length - 1; column >= 0; column -= 1)
      table[row * width + column] =
        old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  const steps: string[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < fresh.length) {
    if (row < old.length && column < fresh.length && old[row] === fresh[column]) {
      steps.push(` ${old[row]}`);
      [row, column] = [row + 1, column + 1];
    } else if (row < old.length && (column >= fresh.length || at(row + 1, column) >= at(row, column + 1))) {
      steps.push(`-${old[row]}`);
      row += 1;
    } else {
      steps.push(`+${fresh[column]}`);
      column += 1;
    }
  }
  return steps;
}
