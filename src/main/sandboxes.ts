import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/keys.ts";
import type { LiveConfig } from "../config/live.ts";
import { asFailure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Sandbox, SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import { networkOf } from "./policy-settings.ts";
import { type ChosenSandboxes, openSandboxes, type SandboxOptions } from "../sandbox/index.ts";

/** Sandboxes as the configuration says at each use: a changed backend counts from the next message on. */
export interface Sandboxes extends Pick<SandboxBackend, "open" | "reap" | "close"> {
  /** What is in use now, and why; what can't be opened leaves what was. */
  current(): Promise<ChosenSandboxes>;
}

interface Opened {
  readonly key: string;
  readonly backend: ChosenSandboxes;
}

/** Opens the configured backend, and another one when the configuration changes. */
export async function followSandboxes(follow: LiveConfig, log: Log): Promise<Sandboxes> {
  const first = settingsOf(follow.current, log);
  let opened: Opened = { key: keyOf(first), backend: await openSandboxes(first.choice, first.options) };
  let refused: string | null = null;
  const former: ChosenSandboxes[] = [];
  /** Where each session's commands last ran. */
  const seen = new Map<string, ChosenSandboxes>();

  const turnTo = async (settings: Settings): Promise<Opened> => {
    const key = keyOf(settings);
    try {
      const backend = await openSandboxes(settings.choice, settings.options);
      former.push(opened.backend);
      await opened.backend.retire?.();
      refused = null;
      log.info({ backend: backend.name, why: backend.why }, "commands run elsewhere from now on");
      return { key, backend };
    } catch (error) {
      refused = key;
      log.error({ error }, "the changed sandbox can't be opened; commands go on running where they did");
      return opened;
    }
  };
  let turning: Promise<Opened> | null = null;
  const current = async (): Promise<ChosenSandboxes> => {
    const settings = settingsOf(await follow.refresh(), log);
    const key = keyOf(settings);
    if (key === opened.key || key === refused) return opened.backend;
    turning ??= turnTo(settings).finally(() => (turning = null));
    opened = await turning;
    return opened.backend;
  };
  return {
    current,
    async open(owner: SandboxOwner, session: string): Promise<Sandbox> {
      const backend = await current();
      const sandbox = await backend.open(owner, session);
      const before = seen.get(session);
      seen.set(session, backend);
      return before === undefined || before === backend ? sandbox : withNews(sandbox, backend.hint);
    },
    async reap() {
      await Promise.all([opened.backend, ...former].map((backend) => backend.reap()));
    },
    async close() {
      await Promise.all([opened.backend, ...former].map((backend) => backend.close()));
    },
  };
}

/** A sandbox whose first result tells the model that it is another one than before. */
function withNews(sandbox: Sandbox, hint: string): Sandbox {
  let told = false;
  return {
    ...sandbox,
    async run(command, options) {
      const result = await sandbox.run(command, options);
      if (told) return result;
      told = true;
      return { ...result, output: `[Commands run elsewhere now, with other files: ${hint}]\n${result.output}` };
    },
  };
}

interface Settings {
  readonly choice: Config["terminal"]["backend"];
  readonly options: SandboxOptions;
}

function keyOf({ choice, options: { log: _, ...options } }: Settings): string {
  return JSON.stringify({ choice, options });
}

function settingsOf(config: Config, log: Log): Settings {
  const { terminal } = config;
  const ssh = {
    host: terminal.sshHost ?? "",
    port: terminal.sshPort,
    user: terminal.sshUser ?? userInfo().username,
    key: terminal.sshKey === null ? null : atHome(terminal.sshKey),
    knownHosts: atHome(terminal.sshKnownHosts ?? "~/.ssh/known_hosts"),
    agent: process.env["SSH_AUTH_SOCK"] ?? null,
  };
  const options: SandboxOptions = {
    image: terminal.dockerImage,
    cpus: terminal.containerCpu,
    memoryMb: terminal.containerMemory,
    pids: 256,
    diskMb: terminal.containerDisk,
    network: networkOf(terminal),
    networkAllow: terminal.dockerNetworkAllow,
    warm: terminal.dockerWarm,
    lifetimeMs: terminal.lifetimeSeconds * 1_000,
    dockerHost: terminal.dockerHost,
    workdir: terminal.cwd === null || terminal.backend === "ssh" ? terminal.cwd : atHome(terminal.cwd),
    ssh: terminal.sshHost === null ? null : ssh,
    envPassthrough: terminal.envPassthrough,
    home: config.home,
    directory: join(config.home, "data", "sandboxes"),
    log,
  };
  return { choice: terminal.backend, options };
}

function atHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir());
}

/** What people may want to know of it, a line each. An engine that is down for the moment must not keep other facts back. */
export async function aboutSandbox({ about, hint }: ChosenSandboxes): Promise<readonly string[]> {
  try {
    return (await about?.()) ?? [hint];
  } catch (error) {
    return [hint, `It does not answer at the moment: ${asFailure(error).message}`];
  }
}
