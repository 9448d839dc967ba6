import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { announce, findProgram, freePort, quickFolder, since, startService, temporaryFolder, untilReady } from "./processes.ts";

const run = promisify(execFile);

/** A Postgres of one's own; fsync is off, so it is fast and forgets in a power cut. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
}

/** A new, empty database; dropped (with whatever is still connected) when disposed. */
export interface Database extends AsyncDisposable {
  readonly url: string;
}

/** Creates an empty database in the shared server: one per test. */
export async function freshDatabase(): Promise<Database> {
  const server = await databaseUrl();
  const name = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
  await administer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => administer(server, `drop database if exists ${name} with (force)`),
  };
}

let shared: Promise<string> | null = null;

/** The server that all tests share: the one `npm test` prepared, or one private to this process. */
export function databaseUrl(): Promise<string> {
  const given = process.env["HERMES_TEST_DATABASE_URL"];
  if (given !== undefined) return Promise.resolve(given);
  shared ??= announced();
  return shared;
}

/** Starts a private Postgres server on loopback. */
export async function startPostgres(): Promise<Postgres> {
  const folder = temporaryFolder("postgres", quickFolder());
  const data = join(folder.path, "data");
  const account = process.getuid?.() === 0 ? await ownAccount(folder.path) : null;
  const [initdb, server] = [postgresProgram("initdb"), postgresProgram("postgres")];
  const how = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  await run(initdb, how, { cwd: folder.path, ...account });
  const port = await freePort();
  const settings = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "listen_addresses=127.0.0.1",
  ];
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const service = startService([server, "-D", data, "-p", `${port}`, "-k", folder.path, ...flags], {
    cwd: folder.path,
    deathSignal: "SIGQUIT", // "immediate", but it takes its shared memory with it
    ...(account === null ? {} : { account }),
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await untilReady("postgres", service, () => administer(url, "select 1").then(...truth));
  return {
    url,
    async [Symbol.asyncDispose]() {
      await service.end("SIGINT"); // "fast": cuts the connections and leaves
      folder.remove();
    },
  };
}

const truth = [() => true, () => false] as const;

async function announced(): Promise<string> {
  const start = Date.now();
  const { url } = await startPostgres();
  announce(`Postgres: started at ${url} (${since(start)})`);
  return url;
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // a dropped server says so through the query
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Postgres refuses to run as root: its own account runs it, and owns its folder. */
async function ownAccount(folder: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "postgres"])).stdout)));
  if (uid === undefined || gid === undefined) throw new Error("the account postgres is missing: apt-get install postgresql");
  chownSync(folder, uid, gid);
  return { uid, gid };
}

/** Debian keeps the server's programs off the PATH, by version: the newest is taken. */
export function postgresProgram(name: string): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(root, version, "bin", name)).find((path) => existsSync(path)) ?? findProgram(name);
  if (found === null) throw new Error("Postgres is missing: apt-get install postgresql");
  return found;
}
