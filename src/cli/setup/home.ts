import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configFile } from "../../config/home.ts";
import { Failure } from "../../core/failures.ts";
import { type Setup, type StepEnd, tell } from "./step.ts";

/** Under this a database and its log can fill the disk within a day. */
const leastFreeBytes = 500 * 1024 * 1024;

/** Home: made where it is missing, and seen to be writable and of no newer version. Throws where nothing can be set up in it. */
export async function setUpHome(setup: Setup): Promise<readonly StepEnd[]> {
  const { context, running } = setup;
  const { home } = context;
  const known = existsSync(join(home, "data"));
  const original = known ? null : await originalIn(home);
  await tryWriting(home);
  const { config } = await setup.load();
  // A record of a newer version is refused here, before anything is changed.
  if (running === null && (known || config.stateUrl !== null))
    await (await (await context.product()).openOffline(config)).close();
  if (original !== null) tell(context, original);
  if (running !== null) tell(context, `A service runs on this home (${running}). What needs a restart is said.`);
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const room = free < leastFreeBytes ? `; only ${Math.round(free / 1024 / 1024)} MB are free on its disk` : "";
  return [{ state: "done", about: "home", text: `${home}${room}` }];
}

/** What is here of an existing Hermes Agent; null for an empty home. */
async function originalIn(home: string): Promise<string | null> {
  const names = await readdir(home).catch((): string[] => []);
  const skills = await readdir(join(home, "skills")).catch((): string[] => []);
  const has = [
    ...(existsSync(configFile(home)) ? ["its settings"] : []),
    ...(names.includes(".env") ? ["its keys"] : []),
    ...(names.includes("memories") ? ["its memory"] : []),
    ...(skills.length === 0 ? [] : ["its skills"]),
  ];
  if (!names.includes("memories") && !names.includes("state.db") && !names.includes("sessions")) return null;
  return `An existing Hermes Agent lives in ${home}: ${has.join(", ")} are taken over. Its files stay as they are; only a key that you change here is changed there.`;
}

async function tryWriting(home: string): Promise<void> {
  const probe = join(home, `.${randomUUID()}.tmp`);
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(probe, "x");
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
    const advice =
      code === "ENOSPC"
        ? "Make room on its disk, or choose another directory: HERMES_HOME=/path/to/home hermes setup"
        : "Make it writable for you, or choose another directory: HERMES_HOME=/path/to/home hermes setup";
    throw new Failure("config.invalid", `nothing can be written to ${home} (${code}).`, { advice, cause: thrown });
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}
