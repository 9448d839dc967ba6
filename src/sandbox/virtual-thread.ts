import { mkdirSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Bash, defineCommand, type IFileSystem, InMemoryFs, MountableFs, ReadWriteFs, stdoutKind } from "just-bash";
import { outputCollector } from "./output.ts";
import { absolutePath, type FileFault, workspace } from "./paths.ts";
import type { VirtualReply, VirtualRequest, VirtualSetup } from "./virtual-messages.ts";
import { quoted } from "./shell-scripts.ts";
import { virtualBackground } from "./virtual-background.ts";
import { oneChangeAtATime } from "./virtual-changes.ts";
import { withQuota } from "./virtual-quota.ts";

/**
 * The thread of one owner's virtual sandbox: a bash written in TypeScript over a directory. A thread of its own, because it can
 * be ended
 * whatever it is doing, has a memory limit, and never holds up the host's event loop.
 */

interface SessionState {
  cwd: string;
  env: Record<string, string>;
}

const startEnv = { HOME: workspace, USER: "hermes", PATH: "/usr/bin:/bin", LANG: "C.UTF-8", TERM: "dumb" };
/** /tmp and the rest outside the workspace. */
const memoryLimit = 64 * 1024 * 1024;

const limits = {
  maxOutputSize: 16 * 1024 * 1024,
  maxStringLength: 32 * 1024 * 1024,
  maxFileSystemBytes: memoryLimit,
  maxLiveBytes: 128 * 1024 * 1024,
  maxCommandCount: 200_000,
  maxLoopIterations: 200_000,
  // The terminal's own limit counts: it ends what takes longer.
  maxPythonTimeoutMs: 3_600_000,
  maxJsTimeoutMs: 3_600_000,
};

const port = parentPort;
if (port !== null) {
  const serving = serve(workerData);
  void serving.then(() => port.postMessage({ id: 0, type: "up" } satisfies VirtualReply));
  port.on("message", (request: VirtualRequest) => {
    void serving.then(async (answer) => {
      const reply = await answer(request);
      if (reply !== null) port.postMessage(reply);
    });
  });
}

async function serve(setup: VirtualSetup): Promise<(request: VirtualRequest) => Promise<VirtualReply | null>> {
  mkdirSync(setup.directory, { recursive: true, mode: 0o700 });
  // Links stay forbidden: a link is the only way out of the directory.
  const root = oneChangeAtATime(new ReadWriteFs({ root: setup.directory, allowSymlinks: false }));
  const disk = await withQuota(root, setup.directory, setup.diskMb);
  const base = new InMemoryFs(
    { "/tmp/.keep": "", "/dev/null": "", "/etc/hostname": "sandbox\n" },
    { maxTotalBytes: memoryLimit },
  );
  const files = new MountableFs({ base, mounts: [{ mountPoint: workspace, filesystem: disk }] });
  const sessions = new Map<string, SessionState>();
  const running = new Map<number, AbortController>();
  const stateOf = (session: string | null): SessionState => {
    const state = sessions.get(session ?? "") ?? { cwd: workspace, env: startEnv };
    if (session !== null) sessions.set(session, state);
    return state;
  };
  // A background command starts where the session is, and changes nothing of it.
  const background = virtualBackground((session, command, workdir, signal) =>
    run(files, { ...stateOf(session) }, command, workdir, signal),
  );
  return async (request) => {
    switch (request.type) {
      case "run": {
        const controller = new AbortController();
        running.set(request.id, controller);
        const reply = await run(files, stateOf(request.session), request.command, request.workdir, controller.signal);
        running.delete(request.id);
        return { id: request.id, type: "ran", ...reply };
      }
      case "where":
        return { id: request.id, type: "where", directory: stateOf(request.session).cwd };
      case "start":
        return { id: request.id, type: "begun", process: background.start(request.session, request.command, request.workdir) };
      case "processes":
        return { id: request.id, type: "processes", processes: background.list() };
      case "output":
        return { id: request.id, type: "output", part: background.output(request.process, request.from, request.limit) };
      case "kill":
        background.kill(request.process);
        return { id: request.id, type: "processes", processes: background.list() };
      case "abort":
        running.get(request.id)?.abort();
        return null;
      case "read":
        return readFile(files, request.id, request.path, request.limitBytes);
      case "write":
        return writeFile(files, request.id, request.path, request.data);
    }
  };
}

async function run(files: IFileSystem, state: SessionState, command: string, workdir: string | null, signal: AbortSignal) {
  const keep = defineCommand("__hermes_keep", async (args, context) => {
    if (workdir === null) state.cwd = context.cwd;
    state.env = variables(Object.fromEntries(context.env));
    return { stdout: "", stderr: "", exitCode: Number(args[0] ?? 0) };
  });
  const cwd = workdir ?? state.cwd;
  if (!(await isDirectory(files, cwd))) {
    if (workdir !== null) return { output: `bash: cd: ${workdir}: No such file or directory\n`, exitCode: 1 };
    state.cwd = workspace;
  }
  const bash = new Bash({
    fs: files,
    cwd: workdir ?? state.cwd,
    env: startEnv,
    executionLimits: limits,
    customCommands: [keep],
    // CPython and QuickJS, compiled to WebAssembly: they see these files and nothing else.
    python: true,
    javascript: true,
    processInfo: { uid: 1000, gid: 1000 },
  });
  // eval keeps an unfinished quote or here-document from swallowing the line that keeps the state.
  const script = `eval ${quoted(command)} 2>&1\n__hermes_keep "$?"`;
  try {
    const result = await bash.exec(script, { env: state.env, replaceEnv: true, rawScript: true, signal });
    const output = outputCollector();
    output.push(Buffer.from(result.stdout, stdoutKind(result) === "bytes" ? "latin1" : "utf8"));
    output.push(Buffer.from(result.stderr, "utf8"));
    return { output: output.text(), exitCode: result.exitCode };
  } catch (thrown) {
    return { output: `bash: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`, exitCode: 126 };
  }
}

/** What may be handed on: the interpreter keeps some of its own state (`?`, SHELLOPTS) among the variables. */
function variables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !/^(SHELLOPTS|BASHOPTS)$/.test(name)),
  );
}

async function isDirectory(files: IFileSystem, path: string): Promise<boolean> {
  try {
    return (await files.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

async function readFile(files: IFileSystem, id: number, path: string, limitBytes: number): Promise<VirtualReply> {
  const resolved = inWorkspace(files, path);
  if (resolved === null) return fault(id, "outside");
  try {
    const info = await files.stat(resolved);
    if (info.isDirectory) return fault(id, "directory");
    if (!info.isFile) return fault(id, "special");
    if (info.size > limitBytes) return fault(id, "large");
    return { id, type: "file", data: await files.readFileBuffer(resolved) };
  } catch (thrown) {
    return fault(id, /ENOENT|no such file/i.test(String(thrown)) ? "missing" : "failed", thrown);
  }
}

async function writeFile(files: IFileSystem, id: number, path: string, data: Uint8Array): Promise<VirtualReply> {
  const resolved = inWorkspace(files, path);
  if (resolved === null) return fault(id, "outside");
  try {
    if (await isDirectory(files, resolved)) return fault(id, "directory");
    await files.mkdir(resolved.slice(0, resolved.lastIndexOf("/")), { recursive: true });
    await files.writeFile(resolved, data);
    return { id, type: "written" };
  } catch (thrown) {
    return fault(id, "failed", thrown);
  }
}

/** There are no links to follow here, so the text of the path decides. */
function inWorkspace(files: IFileSystem, path: string): string | null {
  const resolved = files.resolvePath("/", absolutePath(path));
  return resolved === workspace || resolved.startsWith(`${workspace}/`) ? resolved : null;
}

function fault(id: number, kind: FileFault, thrown?: unknown): VirtualReply {
  return { id, type: "fault", fault: kind, detail: thrown instanceof Error ? thrown.message : "" };
}
