import type { ChatKind } from "../core/chats.ts";
import type { TurnEvent } from "../core/events.ts";
import { asFailure } from "../core/failures.ts";
import type { FetchedFile } from "../core/files.ts";
import { codeBlock } from "../core/markdown.ts";
import { pictureType } from "../core/media-types.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { ModelMessage } from "../core/model.ts";
import type { Sandbox } from "../core/sandbox.ts";
import { sizeWords } from "../core/size-words.ts";
import type { PicturePorts } from "../core/tool.ts";
import { fileOf } from "../store/files.ts";
import type { Db } from "../store/hold.ts";
import { userMessage } from "./prompt.ts";

/** What reads the files that come with messages; bound to whoever sent them. */
export interface IncomingParts {
  readonly db: Db;
  readonly pictures: Pick<PicturePorts, "ask">;
  sandbox(): Promise<Sandbox>;
  /** The texts of skills that were asked for by their names. */
  skillTexts(names: readonly string[]): Promise<string>;
  pdfText(data: Uint8Array, signal: AbortSignal): Promise<string>;
  /** What is said in a recording; null where nothing is set up that hears. */
  hear(file: { readonly name: string; readonly bytes: Uint8Array }, signal: AbortSignal): Promise<string | null>;
  readonly signal: AbortSignal;
  emit(event: TurnEvent): void;
}

/** Where files that people send lie in the workspace. */
const folder = "inbox";
/** A text this long is shown to the model at once; of a longer one the beginning, in characters. */
const wholeChars = 6_000;
const beginningChars = 2_000;
/** What a model that sees is asked of a picture that somebody sent. */
const describe =
  "Describe this picture for somebody who can't see it: what it shows, and every text in it word for word. No guesses, no preamble.";

/**
 * A person's message as the model reads it. Its files are put into the workspace; texts and PDFs are shown, pictures described, voices
 * written down. What can't be done with one is said in its place. Null when the signal has fired meanwhile.
 */
export async function incomingMessage(
  parts: IncomingParts,
  inbox: number,
  inbound: InboundMessage,
  kind: ChatKind,
): Promise<ModelMessage | null> {
  const notes: string[] = [];
  let skills = "";
  try {
    if (inbound.skills !== undefined) skills = await parts.skillTexts(inbound.skills);
    // One more than were sent: what was too many is kept as one that is missing.
    for (let position = 0; position <= (inbound.files?.length ?? -1); position += 1) {
      const file = await fileOf(parts.db, inbox, position);
      if (file === null) break;
      parts.emit({ type: "notice", text: `Looking at ${file.name} …`, about: { say: "looking", name: file.name } });
      notes.push(storable(await noteOf(parts, `${folder}/${inbox}-${safeName(file.name)}`, file)));
    }
  } catch (error) {
    if (parts.signal.aborted) return null;
    throw error;
  }
  return userMessage({ ...inbound, text: [skills, inbound.text, ...notes].filter((part) => part !== "").join("\n\n") }, kind);
}

/** The record takes no NUL and no half of a surrogate pair; PDFs and models may give both. */
function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}

/** What the model reads of one file. */
async function noteOf(parts: IncomingParts, path: string, { kind, name, content }: FetchedFile): Promise<string> {
  const what = `${words[kind]} ${JSON.stringify(name)}`;
  if (content.type === "missing") return `[${what} could not be taken: ${content.reason}]`;
  const { bytes } = content;
  const place = await stored(parts, path, bytes);
  const about = `${what}, ${sizeWords(bytes.length)}, ${place}`;
  try {
    return await read(parts, about, path, kind, bytes);
  } catch (error) {
    parts.signal.throwIfAborted();
    return `[${about}. It could not be read: ${asFailure(error).message}]`;
  }
}

const words: Readonly<Record<FetchedFile["kind"], string>> = {
  picture: "picture",
  voice: "voice message",
  audio: "recording",
  video: "video",
  document: "file",
};

async function read(
  parts: IncomingParts,
  about: string,
  path: string,
  kind: FetchedFile["kind"],
  bytes: Uint8Array,
): Promise<string> {
  const mediaType = pictureType(bytes);
  if (mediaType !== null) {
    const seen = await parts.pictures.ask({ mediaType, data: Buffer.from(bytes).toString("base64") }, describe);
    return shown(about, "What it shows", seen, path);
  }
  if (kind === "voice" || kind === "audio") {
    const said = await parts.hear({ name: path.slice(folder.length + 1), bytes }, parts.signal);
    if (said === null) return `[${about}. It can't be heard here: no speech server is set up (stt.base_url)]`;
    return said === "" ? `[${about}. Nothing is said in it]` : shown(about, "What is said", said, path);
  }
  if (Buffer.from(bytes.subarray(0, 5)).toString("latin1") === "%PDF-") {
    const text = await parts.pdfText(bytes, parts.signal);
    await stored(parts, `${path}.txt`, Buffer.from(text));
    return shown(about, "Its text", text, `${path}.txt`);
  }
  const text = textIn(bytes);
  return text === null ? `[${about}]` : shown(about, "Its text", text, path);
}

/** A file's own words, fenced off: they are data, however they read. */
function shown(about: string, heading: string, text: string, path: string): string {
  const long = text.length > wholeChars;
  const part = long ? text.slice(0, beginningChars).toWellFormed() : text;
  const rest = long ? ` (the beginning; all ${text.length} characters are in ${path})` : "";
  return `[${about}. ${heading}${rest}:]\n${codeBlock(part)}`;
}

/** Puts a file into the workspace, and says where it is or why it is not there. */
async function stored(parts: IncomingParts, path: string, bytes: Uint8Array): Promise<string> {
  try {
    await (await parts.sandbox()).writeFile(path, bytes);
    return `saved as ${path}`;
  } catch (error) {
    parts.signal.throwIfAborted();
    return `not saved (${asFailure(error).message})`;
  }
}

/** Null for what is no text in UTF-8. */
function textIn(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A name that is harmless as a file's, and still known by its owner. */
function safeName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? "";
  const plain = base.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._-]+/, "");
  if (plain.length <= longestName) return plain === "" ? "file" : plain;
  const dot = plain.lastIndexOf(".");
  const ending = dot > plain.length - 12 && dot > 0 ? plain.slice(dot) : "";
  return plain.slice(0, longestName - ending.length) + ending;
}

/** Characters; file systems take 255 bytes. */
const longestName = 60;
