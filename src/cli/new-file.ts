import { writeFile } from "node:fs/promises";
import { Failure, asFailure } from "../core/failures.ts";

/** Writes what may be private into a new file, a line end after it. What is there already may be somebody's own, and stays. */
export async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, `${text}\n`, { flag: "wx", mode: 0o600 });
  } catch (thrown) {
    const isThere = thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST";
    const message = isThere ? `${path} is there already` : `${path} can't be written: ${asFailure(thrown).message}`;
    const advice = isThere ? "Name another place, or move that one away." : "Name another place.";
    throw new Failure("state.unavailable", message, { advice, cause: thrown });
  }
}
