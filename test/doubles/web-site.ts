import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A web server on loopback that notes what it was asked. */
export interface Site extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly asked: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
    body: string;
  }[];
}

/** What it answers; what is left open is closed with it. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Listens on an address of loopback, any of 127.0.0.0/8. */
export async function openSite(answer: Answer, host = "127.0.0.1"): Promise<Site> {
  const asked: Site["asked"] = [];
  const server = createServer((request, response) => {
    const seen = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body: "" };
    asked.push(seen);
    request.setEncoding("utf8").on("data", (chunk: string) => (seen.body += chunk));
    request.on("end", () => answer(request, response, seen.body));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host}:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
