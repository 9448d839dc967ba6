import type { FileKind, FileRef } from "../../src/core/files.ts";
import { type Fields, items, text } from "./fields.ts";

/** The files of a message that Slack keeps. */
export function filesIn(event: Fields): readonly FileRef[] {
  return items(event["files"]).flatMap((file) => {
    const ref = addressOf(file);
    if (ref === null) return [];
    const { size } = file;
    const known = typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : null;
    return [{ kind: kindOf(file), name: nameOf(file) ?? "file", size: known, ref }];
  });
}

/** What came along and can't be fetched, in words the model can answer to. */
export function attachments(event: Fields): readonly string[] {
  return items(event["files"])
    .filter((file) => addressOf(file) === null)
    .map((file) => {
      const name = nameOf(file);
      return `[sent a file${name === null ? "" : ` named ${JSON.stringify(name)}`}, which Slack does not give out]`;
    });
}

/** Files elsewhere (a linked document) and deleted ones have no address with Slack. */
function addressOf(file: Fields): string | null {
  const hosted = file["mode"] === undefined || file["mode"] === "hosted" || file["mode"] === "snippet";
  return hosted ? (text(file["url_private_download"]) ?? text(file["url_private"])) : null;
}

function nameOf(file: Fields): string | null {
  return text(file["name"]) ?? text(file["title"]);
}

function kindOf(file: Fields): FileKind {
  // Recorded in Slack itself: words to be heard, whatever the container is.
  if (file["subtype"] === "slack_audio") return "voice";
  const type = text(file["mimetype"]) ?? "";
  if (type.startsWith("image/")) return "picture";
  if (type.startsWith("audio/")) return "audio";
  return type.startsWith("video/") ? "video" : "document";
}
