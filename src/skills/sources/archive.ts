import type { SkillFile } from "../../core/skill.ts";
import { isLitter } from "../names.ts";
import { readTar } from "../tar.ts";
import { readZip } from "../zip.ts";

/** The files in an archive, whichever form it has; null for what is none. */
export async function filesIn(data: Uint8Array): Promise<readonly SkillFile[] | null> {
  if (data[0] === 0x50 && data[1] === 0x4b) return await readZip(data);
  if (data[0] === 0x1f && data[1] === 0x8b) return await readTar(data, (path) => !isLitter(path));
  return null;
}
