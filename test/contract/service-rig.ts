import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { serviceManager } from "../doubles/systemd.ts";
import { typed } from "../flow/typed.ts";

/** A person with a home and a systemd (or a launchd) that does as it is told. */
export async function serviceRig(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "hermes-service-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const manager = await serviceManager(join(root, "bin"));
  const home = join(root, ".hermes");
  await mkdir(home);
  const env: Record<string, string> = {
    HOME: root,
    HERMES_HOME: home,
    PATH: [manager.folder, "/usr/bin", "/bin"].join(delimiter),
    XDG_RUNTIME_DIR: root,
  };
  const run = async (...args: readonly string[]) => {
    const { status, stdout: out, stderr: err } = await typed(home, args, env);
    return { status, out, err };
  };
  const unit = join(root, ".config/systemd/user/hermes-team.service");
  return { root, home, env, manager, run, unit };
}
