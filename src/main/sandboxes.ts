import { userInfo } from "node:os";
import { join } from "node:path";
import { atHome } from "../config/home.ts";
import type { Config } from "../config/keys.ts";
import type { LiveConfig } from "../config/live.ts";
import { asFailure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Sandbox, SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import { networkOf } from "./policy-settings.ts";
import { type ChosenSandboxes, openSandboxes, type SandboxOptions } from "../sandbox/index.ts";

/** Sandboxes as the configuration says at each use: a changed backend counts from the next message on. */
export interface Sandboxes extends Pick<SandboxBackend, "open" | "reap" | "close"> {
  /** What is in use now, and why; a change that can't be opened leaves what was. Throws while nothing could be opened yet. */
  current(): Promise<ChosenSandboxes>;
  /** What is being waited for, for people; null when nothing is. */
  busy(): string | null;
}

interface Opened {
  readonly key: string;
  readonly backend: ChosenSandboxes;
}

/** Opens the configured backend, and another one when the configuration changes. The first is tried again at each use until it opens. */
export function followSandboxes(follow: LiveConfig, log: Log): Sandboxes {
  const state = {
    opened: null as Opened | null,
    refused: null as string | null,
    opening: null as Promise<Opened> | null,
    doing: null as string | null,
  };
  const former: ChosenSandboxes[] = [];
  /** Where each session's commands last ran. */
  const seen = new Map<string, ChosenSandboxes>();
  const all = (): readonly ChosenSandboxes[] => (state.opened === null ? former : [state.opened.backend, ...former]);

  const turnTo = async ({ choice, options }: Settings, key: string): Promise<Opened> => {
    const before = state.opened;
    const report = (text: string): void => void (state.doing = text);
    try {
      const backend = await openSandboxes(choice, { ...options, report });
      state.refused = null;
      if (before !== null) {
        former.push(before.backend);
        await before.backend.retire?.();
        log.info({ backend: backend.name, why: backend.why }, "commands run elsewhere from now on");
      }
      return { key, backend };
    } catch (error) {
      if (before === null) throw error;
      state.refused = key;
      log.error({ error }, "the changed sandbox can't be opened; commands go on running where they did");
      return before;
    } finally {
      state.doing = null;
    }
  };
  const current = async (): Promise<ChosenSandboxes> => {
    const settings = settingsOf(await follow.refresh(), log);
    const key = keyOf(settings);
    if (state.opened !== null && (key === state.opened.key || key === state.refused)) return state.opened.backend;
    state.opening ??= turnTo(settings, key).finally(() => (state.opening = null));
    state.opened = await state.opening;
    return state.opened.backend;
  };
  return {
    current,
    busy: () => state.doing,
    async open(owner: SandboxOwner, session: string): Promise<Sandbox> {
      const backend = await current();
      const sandbox = await backend.open(owner, session);
      const before = seen.get(session);
      seen.set(session, backend);
      return before === undefined || before === backend ? sandbox : withNews(sandbox, backend.hint);
    },
    async reap() {
      await Promise.all(all().map((backend) => backend.reap()));
    },
    async close() {
      await state.opening?.catch(() => undefined);
      await Promise.all(all().map((backend) => backend.close()));
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

function keyOf({ choice, options: { log: _log, report: _report, ...options } }: Settings): string {
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
    report: () => undefined,
  };
  return { choice: terminal.backend, options };
}

/** What people may want to know of it, a line each. An engine that is down for the moment must not keep other facts back. */
export async function aboutSandbox({ about, hint }: ChosenSandboxes): Promise<readonly string[]> {
  try {
    return (await about?.()) ?? [hint];
  } catch (error) {
    return [hint, `It does not answer at the moment: ${asFailure(error).message}`];
  }
}
