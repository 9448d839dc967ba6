import { Failure } from "../../core/failures.ts";
import type { Log } from "../../core/log.ts";
import type { Config } from "../../config/keys.ts";
import { sshOf } from "../../main/sandboxes.ts";
import { accountName } from "../../sandbox/account.ts";
import { diskLine } from "../../sandbox/docker-about.ts";
import { connectEngine, type Engine, ensureImage } from "../../sandbox/docker-engine.ts";
import { connectSsh } from "../../sandbox/ssh-connection.ts";
import type { Context } from "../context.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

/** Where commands run, why there, and whether that answers. */
export async function checkSandbox({ loaded: { config }, context }: CheckInput): Promise<CheckResult[]> {
  const { backend } = config.terminal;
  switch (backend) {
    case "virtual":
      return [ok("sandbox.backend", "Commands run in the virtual shell: terminal.backend is virtual.")];
    case "local":
      return [
        ok("sandbox.backend", `Commands run on this host itself, without walls, as ${accountName()}: terminal.backend is local.`),
      ];
    case "ssh":
      return [await throughSsh(config)];
    case "docker":
      return await inContainers(config, context, "terminal.backend is docker");
    case "auto":
      return await inContainers(config, context, "terminal.backend is auto, and an engine answers").catch((thrown: unknown) => {
        if (!(thrown instanceof Failure)) throw thrown;
        const text = `Commands run in the virtual shell: ${thrown.message.replace(/\.?$/, ".")}`;
        return [warn("sandbox.backend", text, thrown.advice ?? "")];
      });
  }
}

/** Somebody must answer there whom we know, and let us in. */
async function throughSsh({ terminal }: Config): Promise<CheckResult> {
  const ssh = sshOf(terminal);
  if (ssh === null) {
    const mend = "Name it with: hermes config set terminal.ssh_host HOST, and terminal.ssh_user.";
    return fail("sandbox.backend", "terminal.backend is ssh, but there is no host to go to.", mend);
  }
  (await connectSsh(ssh)).end();
  return ok(
    "sandbox.backend",
    `Commands run on ${ssh.host}:${ssh.port} by SSH, without walls, as ${ssh.user}: terminal.backend is ssh. It lets us in.`,
  );
}

async function inContainers(config: Config, context: Context, why: string): Promise<CheckResult[]> {
  const { dockerHost, dockerImage } = config.terminal;
  const engine = await connectEngine(dockerHost);
  const has = await engine.docker
    .getImage(dockerImage)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  return [
    ok("sandbox.backend", `Commands run in containers: ${why}. The engine at ${engine.address} answers.`),
    has ? ok("sandbox.image", `The image ${dockerImage} is there.`) : missingImage(engine, context, dockerImage),
    await checkDisk(engine, config),
  ];
}

function missingImage(engine: Engine, context: Context, image: string): CheckResult {
  const run = async (): Promise<string> => {
    await ensureImage(engine, image, { log: silent, report: (line) => context.remark(line) });
    return `The image ${image} is there now.`;
  };
  const text = `The image ${image} is not there yet; the first command would wait for it.`;
  return warn("sandbox.image", text, `docker pull ${image}`, { does: `fetch the image ${image}`, run });
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A limit that is set and can't hold is said, once: the default is a wish. */
async function checkDisk({ docker }: Engine, { home, terminal }: Config): Promise<CheckResult> {
  const line = await diskLine(docker, { home, diskMb: terminal.containerDisk });
  return ok("sandbox.disk", `Disk of a workspace: ${line}${line.endsWith(".") ? "" : "."}`);
}
