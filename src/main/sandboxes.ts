import { join } from "node:path";
import { atHome } from "../config/home.ts";
import type { Config } from "../config/keys.ts";
import type { LiveConfig } from "../config/live.ts";
import { asFailure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Sandbox, SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import { accountName } from "../sandbox/account.ts";
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

/** A change that could not be opened. */
interface Refused {
  readonly key: string;
  readonly choice: string;
  readonly why: string;
  readonly at: number;
}

/** A change that was refused is tried again after this. */
const againMs = 30_000;

/** Opens the configured backend, and another one when the configuration changes. The first is tried again at each use until it opens. */
export function followSandboxes(follow: LiveConfig, log: Log): Sandboxes {
  const state = {
    opened: null as Opened | null,
    refused: null as Refused | null,
    opening: null as Promise<Opened> | null,
    doing: null as string | null,
  };
  const former: ChosenSandboxes[] = [];
  /** Where each session's commands last ran, and which refusal it was told of. */
  const seen = new Map<string, { readonly backend: ChosenSandboxes; readonly refused: string | null }>();
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
      state.refused = { key, choice, why: asFailure(error).message, at: Date.now() };
      log.error({ error }, "the changed sandbox can't be opened; commands go on running where they did, and it is tried again");
      return before;
    } finally {
      state.doing = null;
    }
  };
  const opened = async (): Promise<ChosenSandboxes> => {
    const settings = settingsOf(await follow.refresh(), log);
    const key = keyOf(settings);
    if (key === state.opened?.key) state.refused = null;
    const waits = state.refused?.key === key && Date.now() - state.refused.at < againMs;
    if (state.opened !== null && (key === state.opened.key || waits)) return state.opened.backend;
    state.opening ??= turnTo(settings, key).finally(() => (state.opening = null));
    state.opened = await state.opening;
    return state.opened.backend;
  };
  return {
    async current() {
      const backend = await opened();
      return state.refused === null ? backend : { ...backend, why: `${backend.why} ${refusal(state.refused)}` };
    },
    busy: () => state.doing,
    async open(owner: SandboxOwner, session: string): Promise<Sandbox> {
      const backend = await opened();
      const sandbox = await backend.open(owner, session);
      const before = seen.get(session);
      const { refused } = state;
      seen.set(session, { backend, refused: refused?.key ?? null });
      const news = [
        ...(before === undefined || before.backend === backend
          ? []
          : [`Commands run elsewhere now, with other files: ${backend.hint}`]),
        ...(refused === null || refused.key === before?.refused
          ? []
          : [`Tell the user: ${refusal(refused)} Until then: ${backend.hint}`]),
      ];
      return news.length === 0 ? sandbox : withNews(sandbox, news);
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

/** Why commands don't run where they should. */
function refusal({ choice, why }: Refused): string {
  return `terminal.backend ${choice} can't be used: ${why.replace(/\.?$/, ".")} It is tried again every ${againMs / 1_000} s.`;
}

/** A sandbox whose first result tells the model what has changed. */
function withNews(sandbox: Sandbox, news: readonly string[]): Sandbox {
  let told = false;
  return {
    ...sandbox,
    async run(command, options) {
      const result = await sandbox.run(command, options);
      if (told) return result;
      told = true;
      return { ...result, output: `${news.map((each) => `[${each}]\n`).join("")}${result.output}` };
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
    ssh: sshOf(terminal),
    envPassthrough: terminal.envPassthrough,
    home: config.home,
    directory: join(config.home, "data", "sandboxes"),
    log,
    report: () => undefined,
  };
  return { choice: terminal.backend, options };
}

/** Where commands go by SSH; null: nowhere. */
export function sshOf(terminal: Config["terminal"]): SandboxOptions["ssh"] {
  if (terminal.sshHost === null) return null;
  return {
    host: terminal.sshHost,
    port: terminal.sshPort,
    user: terminal.sshUser ?? accountName(),
    key: terminal.sshKey === null ? null : atHome(terminal.sshKey),
    knownHosts: atHome(terminal.sshKnownHosts ?? "~/.ssh/known_hosts"),
    agent: process.env["SSH_AUTH_SOCK"] ?? null,
  };
}

/** What people may want to know of it, a line each. An engine that is down for the moment must not keep other facts back. */
export async function aboutSandbox({ about, hint }: ChosenSandboxes): Promise<readonly string[]> {
  try {
    return (await about?.()) ?? [hint];
  } catch (error) {
    return [hint, `It does not answer at the moment: ${asFailure(error).message}`];
  }
}
