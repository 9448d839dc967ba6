import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type FileKind, largestFile } from "../../src/core/files.ts";
import { pictureType } from "../../src/core/media-types.ts";
import { sizeWords } from "../../src/core/size-words.ts";
import { plainName } from "../kept-files.ts";
import { refuse } from "./guard.ts";
import type { PageFile, WebOptions } from "./options.ts";

/** What is said of a file that is too large. */
export const tooLarge = `A file may have at most ${sizeWords(largestFile)}.`;

const nameChars = 200;
const upload = z.object({ name: z.string().min(1), type: z.string().default(""), voice: z.literal("1").optional() });
const fileId = z.object({ id: z.string().regex(/^[\w-]{1,64}$/) });

/** Whatever is in a file, a browser must neither run it nor take it for a part of the page. */
const downloadHeaders = {
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "private, max-age=86400, immutable",
};

/** Files come in one by one, before the message that they go with, and go out under the id that the page was told. */
export function addFileRoutes(server: FastifyInstance, { files }: Pick<WebOptions, "files">): void {
  server.addContentTypeParser("application/octet-stream", { parseAs: "buffer", bodyLimit: largestFile }, (_request, body, done) =>
    done(null, body),
  );
  server.post("/api/files", { bodyLimit: largestFile }, async (request, reply) => {
    const asked = upload.safeParse(request.query);
    const bytes = request.body;
    if (!asked.success || !Buffer.isBuffer(bytes) || bytes.length === 0)
      return refuse(request, reply, 400, "This file is empty.");
    const file = { id: randomUUID(), kind: kindOf(bytes, asked.data), name: plainName(asked.data.name, nameChars) };
    await files.keep(file, bytes);
    return { ...file, size: bytes.length } satisfies PageFile;
  });
  server.get("/api/files/:id", async (request, reply) => {
    const asked = fileId.safeParse(request.params);
    const found = asked.success ? await files.read(asked.data.id) : null;
    if (!found) return refuse(request, reply, 404, "This file is not kept any more.");
    const name = encodeURIComponent(found.name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
    return reply
      .headers(downloadHeaders)
      .header("content-disposition", `attachment; filename*=UTF-8''${name}`)
      .type(pictureType(found.bytes) ?? "application/octet-stream")
      .send(Buffer.from(found.bytes));
  });
}

/** What the browser says of a file counts for nothing that could do harm: a picture is one by its bytes. */
function kindOf(bytes: Uint8Array, { type, voice }: z.infer<typeof upload>): FileKind {
  if (voice !== undefined) return "voice";
  if (pictureType(bytes) !== null) return "picture";
  if (type.startsWith("audio/")) return "audio";
  return type.startsWith("video/") ? "video" : "document";
}
