import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { bad, type Params } from "./telegram-wire.ts";

/** The files that people have sent, as the server keeps them. */
export interface SentFiles {
  /** Puts a file there; its `file_id` goes into a message. `told`: what `getFile` says instead, e.g. a path on the machine. */
  add(
    bytes: Uint8Array,
    told?: Params,
  ): { readonly file_id: string; readonly file_unique_id: string; readonly file_size: number };
  readonly methods: Readonly<Record<string, (params: Params) => unknown>>;
  /** Answers a download; false when it is none of these. */
  serve(path: string, response: ServerResponse): boolean;
}

/** What Telegram's own server gives bots. */
const largest = 20 * 1024 * 1024;

export function createFiles(): SentFiles {
  const files = new Map<string, { readonly bytes: Uint8Array; readonly path: string; readonly told: Params }>();
  return {
    add(bytes, told = {}) {
      const id = randomBytes(12).toString("base64url");
      files.set(id, { bytes, path: `documents/file ${files.size}.bin`, told });
      return { file_id: id, file_unique_id: id.slice(0, 8), file_size: bytes.length };
    },
    methods: {
      getFile({ file_id: id }) {
        const file = typeof id === "string" ? files.get(id) : undefined;
        if (!file) throw bad("wrong file_id or the file is temporarily unavailable");
        if (file.bytes.length > largest) throw bad("file is too big");
        return {
          file_id: id,
          file_unique_id: String(id).slice(0, 8),
          file_size: file.bytes.length,
          file_path: file.path,
          ...file.told,
        };
      },
    },
    serve(path, response) {
      const file = [...files.values()].find((each) => each.path === decodeURIComponent(path));
      if (!file) return false;
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": file.bytes.length });
      response.end(file.bytes);
      return true;
    },
  };
}
