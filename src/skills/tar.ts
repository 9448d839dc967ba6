import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { SkillFile } from "../core/skill.ts";

const unpack = promisify(gunzip);
const block = 512;
/** A repository around a skill may be large; this much of one is looked through. */
const mostUnpacked = 128 * 1024 * 1024;
/** Entries of any kind. */
const mostEntries = 50_000;

/** The files in a (gzipped) tar. Links, devices and directories are left out: nothing in an archive points anywhere. */
export async function readTar(data: Uint8Array, wanted: (path: string) => boolean = () => true): Promise<readonly SkillFile[]> {
  const bytes = data[0] === 0x1f && data[1] === 0x8b ? await unpacked(data) : Buffer.from(data);
  const files: SkillFile[] = [];
  let at = 0;
  let entries = 0;
  let longName: string | null = null;
  while (at + block <= bytes.length) {
    const header = bytes.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) break;
    const entry = entryOf(header);
    const content = bytes.subarray(at + block, at + block + entry.size);
    if (content.length < entry.size) throw new Error("The archive ends in the middle of a file.");
    entries += 1;
    if (entries > mostEntries) throw new Error(`The archive has more than ${mostEntries} entries.`);
    at += block + Math.ceil(entry.size / block) * block;
    if (entry.type === "x") longName = paxPath(content) ?? longName;
    else if (entry.type === "L") longName = content.toString("utf8").replace(/\0.*$/s, "");
    else {
      const path = longName ?? entry.path;
      longName = null;
      if ((entry.type === "0" || entry.type === "\0") && wanted(path))
        files.push({ path, bytes: new Uint8Array(content), executable: (entry.mode & 0o111) !== 0 });
    }
  }
  return files;
}

async function unpacked(data: Uint8Array): Promise<Buffer> {
  try {
    return await unpack(data, { maxOutputLength: mostUnpacked });
  } catch (thrown) {
    const large = thrown instanceof RangeError;
    throw new Error(large ? "The archive is too large to look through." : "The archive can't be unpacked.", { cause: thrown });
  }
}

interface TarEntry {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly type: string;
}

function entryOf(header: Buffer): TarEntry {
  const text = (from: number, length: number): string => header.toString("utf8", from, from + length).replace(/\0.*$/s, "");
  const octal = (from: number, length: number): number => {
    const digits = text(from, length).trim();
    if (!/^[0-7]*$/.test(digits)) throw new Error("This is no tar archive.");
    return digits === "" ? 0 : Number.parseInt(digits, 8);
  };
  const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
  const path = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { path, size: octal(124, 12), mode: octal(100, 8), type: header.toString("latin1", 156, 157) };
}

/** Records of a pax header: `LENGTH KEY=VALUE\n`. */
function paxPath(content: Buffer): string | null {
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? 0 : Number(content.toString("latin1", at, space));
    if (!Number.isSafeInteger(length) || length <= space - at) return null;
    const record = content.toString("utf8", space + 1, at + length - 1);
    if (record.startsWith("path=")) return record.slice("path=".length);
    at += length;
  }
  return null;
}
