import { readFile } from "node:fs/promises";
import Fastify, { type FastifyInstance } from "fastify";
import { Failure } from "../../src/core/failures.ts";
import { addFileRoutes, tooLarge } from "./files.ts";
import { addGuard, refuse } from "./guard.ts";
import { addProbes, addRoutes, type RouteParts } from "./routes.ts";

/** The page's HTTP server, listening. */
export interface PageServer {
  readonly port: number;
  close(): Promise<void>;
}

/** 100,000 characters (the longest message taken) at up to six bytes each in JSON, and room for the rest. */
const bodyBytes = 700_000;

/** Every file of the page: nothing else is ever read, so no path can lead out. */
const files: readonly { readonly path: string; readonly file: string; readonly type: string }[] = [
  { path: "/", file: "index.html", type: "text/html; charset=utf-8" },
  { path: "/page.css", file: "page.css", type: "text/css; charset=utf-8" },
  { path: "/log.css", file: "log.css", type: "text/css; charset=utf-8" },
  { path: "/page.js", file: "page.js", type: "text/javascript; charset=utf-8" },
  { path: "/log.js", file: "log.js", type: "text/javascript; charset=utf-8" },
  { path: "/turn.js", file: "turn.js", type: "text/javascript; charset=utf-8" },
  { path: "/files.js", file: "files.js", type: "text/javascript; charset=utf-8" },
  { path: "/make.js", file: "make.js", type: "text/javascript; charset=utf-8" },
  { path: "/preview.js", file: "preview.js", type: "text/javascript; charset=utf-8" },
  { path: "/icon.svg", file: "icon.svg", type: "image/svg+xml" },
];

/** Listens, or throws a `Failure` that names what to change. */
export async function openServer(parts: RouteParts, host: string, port: number): Promise<PageServer> {
  const server = Fastify({ logger: false, bodyLimit: bodyBytes, forceCloseConnections: true, schemaController: noSchemas });
  addGuard(server, { host, token: parts.options.token, port: () => portOf(server) });
  addErrors(server, parts);
  await addFiles(server);
  addRoutes(server, parts);
  addFileRoutes(server, parts.options);
  addProbes(server, parts);
  try {
    await server.listen({ host, port });
  } catch (thrown) {
    await server.close();
    throw listenFailure(thrown, host, port);
  }
  return { port: portOf(server), close: () => server.close() };
}

/** No route declares a schema: what comes in is parsed with zod. Fastify's own compilers would be loaded all the same, 4 MB of them. */
const noSchemas = { compilersFactory: { buildValidator: unused, buildSerializer: unused } };

function unused(): never {
  throw new Error("no route of the page declares a schema");
}

async function addFiles(server: FastifyInstance): Promise<void> {
  for (const { path, file, type } of files) {
    const content = await readFile(new URL(`./page/${file}`, import.meta.url));
    server.get(path, (_request, reply) => reply.type(type).send(content));
  }
}

function addErrors(server: FastifyInstance, { options }: RouteParts): void {
  server.setNotFoundHandler((request, reply) => refuse(request, reply, 404, "There is nothing at this address."));
  server.setErrorHandler((thrown, request, reply) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
    if (status === 413 && request.url.startsWith("/api/files")) return refuse(request, reply, 413, tooLarge);
    if (status === 413) return refuse(request, reply, 413, "This is too long to send at once: 100,000 characters at most.");
    if (status < 500) return refuse(request, reply, status, "This request can't be read.");
    options.log.error({ path: request.url.split("?", 1)[0], error: error.message }, "the page could not be served");
    return refuse(request, reply, 503, "Hermes can't answer this just now; it tries again by itself.");
  });
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  return address && typeof address === "object" ? address.port : 0;
}

function listenFailure(thrown: unknown, host: string, port: number): Failure {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
  const place = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    return new Failure("config.invalid", `Port ${port} on ${host} is taken by another program.`, {
      advice: "Stop that program, or set HERMES_HTTP_PORT to another port.",
      cause: thrown,
    });
  }
  return new Failure("config.invalid", `The local page can't listen on ${place} (${String(code ?? thrown)}).`, {
    advice: "Set HERMES_HTTP_PORT to a port above 1023 and the host to an address of this machine.",
    cause: thrown,
  });
}
