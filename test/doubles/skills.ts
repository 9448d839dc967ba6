import { deflateRawSync, gzipSync } from "node:zlib";
import type { SkillFile } from "../../src/core/skill.ts";

/** A SKILL.md with a head. */
export function skillText(name: string, body = "Do it well.", head = ""): string {
  return `---\nname: ${name}\ndescription: For tests of ${name}\n${head}---\n${body}\n`;
}

/** Files by their paths; those in `scripts/` run. */
export function filesOf(texts: Readonly<Record<string, string>>): readonly SkillFile[] {
  return Object.entries(texts).map(([path, text]) => ({
    path,
    bytes: Buffer.from(text),
    executable: path.startsWith("scripts/"),
  }));
}

/** An entry of an archive; `type` as in tar. */
export interface Entry {
  readonly path: string;
  readonly data?: string | Uint8Array;
  readonly type?: string;
  readonly link?: string;
  /** What the header says of the size, where that is not so. */
  readonly size?: number;
}

/** A gzipped tar of these, with nothing put right. */
export function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, data = "", type = "0", link = "", size }) => {
    const content = Buffer.from(data);
    const header = Buffer.alloc(512);
    header.write(path.slice(0, 100), 0);
    header.write("0000755\0", 100);
    header.write(`${(size ?? content.length).toString(8).padStart(11, "0")}\0`, 124);
    header.write(type, 156);
    header.write(link, 157);
    header.write("ustar\u000000", 257);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1_024)]));
}

/** A zip of these. */
export function zipOf(entries: readonly Entry[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { path, data = "", type = "0" } of entries) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(Buffer.from(data));
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(8, 8);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(((type === "2" ? 0o120777 : 0o100755) << 16) >>> 0, 38);
    entry.writeUInt32LE(at, 42);
    local.push(head, name, packed);
    central.push(entry, name);
    at += head.length + name.length + packed.length;
  }
  const size = central.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, ...central, end]);
}
