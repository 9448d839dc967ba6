import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import type { SkillFile } from "../core/skill.ts";
import { isLitter, skillLimits } from "./names.ts";

const unpack = promisify(inflateRaw);
const endMark = 0x06054b50;
const entryMark = 0x02014b50;
const localMark = 0x04034b50;
/** The end record with the longest comment. */
const tailBytes = 22 + 0xffff;
/** More is no skill; some slack for directories and what editors leave. */
const mostEntries = 2_000;

/** The files in a zip. Directories and links are left out. Throws on what is encrypted, broken, or larger than a skill may be. */
export async function readZip(data: Uint8Array): Promise<readonly SkillFile[]> {
  const zip = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const files: SkillFile[] = [];
  let left: number = skillLimits.bytes;
  for (const entry of directoryOf(zip)) {
    if (entry.path.endsWith("/") || entry.link || isLitter(entry.path)) continue;
    if (files.length >= skillLimits.files)
      throw new Error(`It has more than ${skillLimits.files} files; a skill has at most that many.`);
    const bytes = await contentOf(zip, entry, left);
    left -= bytes.length;
    files.push({ path: entry.path, bytes, executable: entry.executable });
  }
  return files;
}

interface ZipEntry {
  readonly path: string;
  readonly method: number;
  readonly packed: number;
  readonly offset: number;
  readonly link: boolean;
  readonly executable: boolean;
}

const broken = "The zip file is broken.";

function directoryOf(zip: Buffer): readonly ZipEntry[] {
  const from = Math.max(0, zip.length - tailBytes);
  const end = zip.subarray(from).lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1")) + from;
  if (end < from || end + 22 > zip.length || zip.readUInt32LE(end) !== endMark) throw new Error("This is no zip file.");
  const count = zip.readUInt16LE(end + 10);
  if (count > mostEntries) throw new Error(`It has ${count} files; a skill has at most ${skillLimits.files}.`);
  const entries: ZipEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== entryMark) throw new Error(broken);
    const [name, extra, comment] = [28, 30, 32].map((place) => zip.readUInt16LE(at + place));
    const mode = zip.readUInt32LE(at + 38) >>> 16;
    if ((zip.readUInt16LE(at + 8) & 1) !== 0) throw new Error("The zip file is encrypted.");
    entries.push({
      path: zip.toString("utf8", at + 46, at + 46 + (name ?? 0)),
      method: zip.readUInt16LE(at + 10),
      packed: zip.readUInt32LE(at + 20),
      offset: zip.readUInt32LE(at + 42),
      link: (mode & 0o170000) === 0o120000,
      executable: (mode & 0o111) !== 0,
    });
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

async function contentOf(zip: Buffer, entry: ZipEntry, left: number): Promise<Uint8Array> {
  const { offset, packed, method, path } = entry;
  if (offset + 30 > zip.length || zip.readUInt32LE(offset) !== localMark) throw new Error(broken);
  const start = offset + 30 + zip.readUInt16LE(offset + 26) + zip.readUInt16LE(offset + 28);
  if (start + packed > zip.length) throw new Error(broken);
  const content = zip.subarray(start, start + packed);
  const most = Math.min(left, skillLimits.fileBytes);
  if (method === 0) {
    if (content.length > most) throw tooLarge(path);
    return new Uint8Array(content);
  }
  if (method !== 8) throw new Error(`${path.slice(0, 100)} is packed in a way that can't be read.`);
  try {
    return new Uint8Array(await unpack(content, { maxOutputLength: Math.max(1, most) }));
  } catch (thrown) {
    throw thrown instanceof RangeError ? tooLarge(path) : new Error(broken, { cause: thrown });
  }
}

function tooLarge(path: string): Error {
  return new Error(`It is larger than a skill may be (at ${path.slice(0, 100)}).`);
}
