import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import type { ClientFigures, ClientWish } from "./token-client.ts";

/** The cheap model server in a process of its own. */
export interface TokenServer extends AsyncDisposable {
  /** Runs a client against it, in a process of its own too. */
  run(wish: Omit<ClientWish, "url">): Promise<ClientFigures>;
}

const run = promisify(execFile);

/** Starts it on a free port. */
export async function startTokenServer(): Promise<TokenServer> {
  const child = spawn(process.execPath, [file("token-server.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  const url = String(line).trim();
  return {
    async run(wish) {
      const { stdout } = await run(process.execPath, ["--expose-gc", file("token-client.ts"), JSON.stringify({ url, ...wish })]);
      return JSON.parse(stdout) as ClientFigures; // our own client's
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

function file(name: string): string {
  return new URL(name, import.meta.url).pathname;
}
