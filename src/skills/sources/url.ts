import { bundleOf, skillFileName } from "../bundle.ts";
import { skillLimits } from "../names.ts";
import { filesIn } from "./archive.ts";
import { indexUrl, listedIn, listedSkill, readIndex } from "./catalogue.ts";
import { type FoundSkill, read, type Reading } from "./source.ts";
import { skillIn } from "./tree.ts";

/** Reads a skill from an address: a SKILL.md, an archive, an index (`#name` says which), or a site that has one at its usual place. */
export async function urlSkill(reading: Reading, address: string): Promise<FoundSkill> {
  const [url = "", wanted = ""] = address.split("#");
  if (URL.parse(url)?.pathname === "/") return await listedAt(reading, indexUrl(url), wanted);
  const { body, url: end } = await read(reading, url, 2 * skillLimits.bytes);
  const files = await filesIn(body);
  const origin = { from: address, revision: null };
  if (files !== null) {
    const name = (new URL(end).pathname.split("/").at(-1) ?? "").replace(/\.(?:zip|skill|tar\.gz|tgz)$/i, "").toLowerCase();
    return { bundle: skillIn(files, wanted, name), origin: { type: "zip", ...origin } };
  }
  const text = Buffer.from(body).toString("utf8");
  if (/^\uFEFF?---\s*\n/.test(text)) {
    const folder = new URL(end).pathname.split("/").at(-2) ?? "";
    const bundle = bundleOf([{ path: skillFileName, bytes: body, executable: false }], folder.toLowerCase());
    return { bundle, origin: { type: "url", ...origin } };
  }
  if (listedIn(text) !== null) return await listedAt(reading, end, wanted);
  // Whoever names a page has named none of the site's skills: they are told which there are.
  const listed = await readIndex(reading, indexUrl(new URL(end).origin)).catch((thrown: unknown) => {
    reading.signal.throwIfAborted();
    throw new Error(`${url} is no SKILL.md, no archive and no list of skills.`, { cause: thrown });
  });
  const names = listed.slice(0, mostNamed).map(({ name }) => name);
  throw new Error(`${url} is no SKILL.md and no archive. Its site has: ${names.join(", ")}; say ${new URL(end).origin}/#NAME`);
}

/** Names in a message. */
const mostNamed = 30;

async function listedAt(reading: Reading, url: string, wanted: string): Promise<FoundSkill> {
  const listed = await readIndex(reading, url);
  const one = wanted === "" && listed.length === 1 ? listed[0] : listed.find(({ name }) => name === wanted);
  if (one !== undefined) return await listedSkill(reading, url, one, "well-known");
  const names = listed.slice(0, mostNamed).map(({ name }) => name);
  throw new Error(
    names.length === 0 ? "The list of skills there is empty." : `Say which with #NAME behind the address: ${names.join(", ")}`,
  );
}
