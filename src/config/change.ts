import { editEnvText } from "./env-file.ts";
import { envFile } from "./home.ts";
import { editOwnFile } from "./write-file.ts";

/** What a change did. */
export interface Change {
  /** The key as the table has it. */
  readonly path: string;
  readonly file: string;
  /** False when the file said so already (or, for a removal, never did). */
  readonly changed: boolean;
}

/** Sets a variable in .env, or removes it with null. */
export async function editVariable(home: string, path: string, name: string, value: string | null): Promise<Change> {
  const file = envFile(home);
  return { path, file, changed: await editOwnFile(file, (before) => editEnvText(before, name, value)) };
}
