import { randomUUID } from "node:crypto";
import { access, chmod, constants, mkdir, readdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAbandoned } from "../../config/file-lock.ts";
import { envFile } from "../../config/home.ts";
import { asFailure } from "../../core/failures.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

/** Under this a database and its log can fill the disk within a day. */
const leastFreeBytes = 500 * 1024 * 1024;
/** Half-written copies are there for milliseconds. */
const oldMs = 60_000;

/** The home: there, ours, with room, without what killed processes left. */
export async function checkHome({ context: { home } }: CheckInput): Promise<CheckResult[]> {
  const found = await stat(home).catch(() => null);
  if (found === null) {
    const parent = await nearest(dirname(home));
    if (!(await isWritable(parent)))
      return [fail("home.writable", `${home} is not there, and can't be made: ${parent} can't be written.`, elsewhere)];
    const make = { does: `make ${home}`, run: () => makeHome(home) };
    return [warn("home.writable", `${home} is not there yet.`, "`hermes setup`, or the first start, makes it.", make)];
  }
  if (!found.isDirectory()) return [fail("home.writable", `${home} is no directory.`, elsewhere)];
  const probe = join(home, `.${randomUUID()}.tmp`);
  try {
    await writeFile(probe, "x");
  } catch (thrown) {
    return [fail("home.writable", `${home} can't be written: ${asFailure(thrown).message}`, elsewhere)];
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const room = `${Math.round(free / 1024 / 1024).toLocaleString("en-US")} MB are free.`;
  return [
    ok("home.writable", `${home} is writable.`),
    ...permissions(home, found),
    free < leastFreeBytes ? warn("home.disk", room, "Make room on that disk.") : ok("home.disk", room),
    ...(await leftovers(home)),
  ];
}

const elsewhere = "Make it writable, or set HERMES_HOME to another directory.";

/** The nearest directory above that is there. */
async function nearest(path: string): Promise<string> {
  const there = await stat(path).catch(() => null);
  return there !== null || dirname(path) === path ? path : await nearest(dirname(path));
}

async function isWritable(path: string): Promise<boolean> {
  return await access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function makeHome(home: string): Promise<string> {
  for (const name of ["", "logs", "skills"]) await mkdir(join(home, name), { recursive: true, mode: 0o700 });
  return `Made ${home}.`;
}

function permissions(home: string, { mode, uid }: { readonly mode: number; readonly uid: number }): CheckResult[] {
  const own = process.getuid?.();
  if (own !== undefined && own !== 0 && uid !== own) {
    return [warn("home.permissions", `${home} belongs to another account (${uid}).`, `chown -R ${own} ${home}`)];
  }
  if ((mode & 0o077) === 0) return [ok("home.permissions", "Nobody else may look into it.")];
  const close = { does: `close ${home} to others`, run: async () => await closed(home, 0o700) };
  const text = `Others of this machine may look into it (mode ${(mode & 0o777).toString(8)}).`;
  return [warn("home.permissions", text, `chmod 700 ${home}`, close)];
}

async function closed(path: string, mode: number): Promise<string> {
  await chmod(path, mode);
  return `${path} has mode ${mode.toString(8)} now.`;
}

/** Whether .env, where the secrets are, is its owner's only. */
export async function checkSecrets({ context: { home } }: CheckInput): Promise<CheckResult[]> {
  const file = envFile(home);
  const found = await stat(file).catch(() => null);
  if (found === null) return [ok("risk.readable", "No .env.")];
  if ((found.mode & 0o077) === 0) return [ok("risk.readable", ".env is readable by its owner only.")];
  const fix = { does: `close ${file} to others`, run: async () => await closed(file, 0o600) };
  const text = `Others of this machine may read ${file} (mode ${(found.mode & 0o777).toString(8)}).`;
  return [warn("risk.readable", text, `chmod 600 ${file}`, fix)];
}

async function leftovers(home: string): Promise<CheckResult[]> {
  const names = await readdir(home);
  const old = await Promise.all(names.map(async (name) => ((await isLeft(join(home, name))) ? [name] : [])));
  const left = old.flat();
  if (left.length === 0) return [];
  const remove = async (): Promise<string> => {
    for (const name of left) await rm(join(home, name), { force: true });
    return `Removed ${left.join(", ")}.`;
  };
  const text = `Killed processes left ${left.join(", ")}.`;
  return [warn("home.leftovers", text, "Remove them.", { does: `remove ${left.join(", ")}`, run: remove })];
}

/** Only what this program makes: anybody may keep files of their own in the home. */
async function isLeft(file: string): Promise<boolean> {
  if (/\/(?:config\.yaml|\.env)\.lock$/.test(file)) return await isAbandoned(file);
  if (!/\/(?:(?:config\.yaml|\.env)\.\S+|\.[\da-f-]{36})\.tmp$/.test(file)) return false;
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true && Date.now() - found.mtimeMs > oldMs;
}
