import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface GitServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Makes a repository of files; a value that begins with `-> ` is a link there, `x ` a program. */
  repository(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** Called when `/hangs/…` is asked for: it never answers. */
  onHang(): void;
}

/**
 * A git server without archives, as `git http-backend` behind any web server is: `/smart/NAME.git`. The same repositories as plain files
 * (`/dumb/`), behind a redirect (`/moved/`), behind a password (`/private/`), and one that never answers (`/hangs/`).
 */
export async function gitServer(): Promise<GitServer> {
  const root = await mkdtemp(join(tmpdir(), "hermes-git-server-"));
  const asked: string[] = [];
  const programs = new Set<ChildProcess>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "", "http://localhost");
    asked.push(`${url.pathname}${url.search}`);
    const [, kind = "", ...rest] = url.pathname.split("/");
    const path = rest.join("/");
    if (/\/archive\//.test(path)) return end(response, 404);
    switch (kind) {
      case "smart":
        return backend(request, response, url, `/${path}`);
      case "dumb":
        return void file(response, join(root, path));
      case "moved":
        return end(response, 302, { location: `/smart/${path}${url.search}` });
      case "private":
        return end(response, 401, { "www-authenticate": 'Basic realm="git"' });
      case "hangs":
        return server.onHang();
      default:
        return end(response, 404);
    }
  };
  const backend = (request: IncomingMessage, response: ServerResponse, url: URL, path: string): void => {
    const { headers, method = "GET" } = request;
    const encoding = headers["content-encoding"];
    const protocol = headers["git-protocol"];
    const child = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env["PATH"],
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: "1",
        REQUEST_METHOD: method,
        PATH_INFO: path,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: headers["content-type"] ?? "",
        ...(typeof encoding === "string" ? { HTTP_CONTENT_ENCODING: encoding } : {}),
        ...(typeof protocol === "string" ? { GIT_PROTOCOL: protocol } : {}),
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    programs.add(child);
    child.stdin.on("error", () => undefined);
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("close", () => {
      programs.delete(child);
      const out = Buffer.concat(chunks);
      const gap = out.indexOf("\r\n\r\n");
      const lines = out.toString("latin1", 0, gap).split("\r\n");
      const pairs = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const);
      const status = Number(pairs.find(([name]) => name === "Status")?.[1]?.slice(0, 3) ?? 200);
      response.writeHead(status, Object.fromEntries(pairs.filter(([name]) => name !== "Status")));
      response.end(out.subarray(gap + 4));
    });
  };
  const http = createServer(answer);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const server: GitServer = {
    port,
    url: `http://127.0.0.1:${port}`,
    asked,
    repository: async (name, files) => await makeRepository(root, name, files),
    onHang: () => undefined,
    async [Symbol.asyncDispose]() {
      for (const program of programs) program.kill("SIGKILL");
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await rm(root, { recursive: true, force: true });
    },
  };
  return server;
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, headers);
  response.end();
}

async function file(response: ServerResponse, path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true) return end(response, 404);
  response.writeHead(200);
  createReadStream(path).pipe(response);
}

/** The commit. */
async function makeRepository(root: string, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const work = join(root, `work-${name}`);
  await mkdir(work, { recursive: true });
  git(work, "init", "--quiet", "--initial-branch=main");
  for (const [path, content] of Object.entries(files)) {
    const place = join(work, path);
    await mkdir(dirname(place), { recursive: true });
    if (content.startsWith("-> ")) await symlink(content.slice(3), place);
    else await writeFile(place, content.replace(/^x /, ""), { mode: content.startsWith("x ") ? 0o755 : 0o644 });
  }
  git(work, "add", "--all", "--force");
  git(work, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "first");
  git(work, "tag", "v1");
  const bare = join(root, `${name}.git`);
  git(root, "clone", "--quiet", "--bare", work, bare);
  git(bare, "update-server-info");
  return git(work, "rev-parse", "HEAD");
}

function git(cwd: string, ...args: readonly string[]): string {
  const env = { PATH: process.env["PATH"], HOME: cwd, GIT_CONFIG_NOSYSTEM: "1" };
  const { status, stdout, stderr } = spawnSync("git", args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}
