import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import type { ClientChannel } from "ssh2";
import { Failure } from "../core/failures.ts";
import type { SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import { inTime } from "./in-time.ts";
import { anyProcesses, type Machine, type Pipes, type Place, type SpawnWish } from "./machine.ts";
import type { SandboxOptions } from "./options.ts";
import { killOwner } from "./shell.ts";
import { shellBackend } from "./shell-backend.ts";
import { quoted } from "./shell-scripts.ts";
import { connectSsh, type SshConnection, sshFailure, type SshOptions } from "./ssh-connection.ts";

/** Longest a host may take to make two directories. */
const prepareMs = 10_000;

/** One host by SSH, without walls between its people: each owner has a directory and a connection. Throws `sandbox.unavailable`. */
export async function openSsh(options: SandboxOptions): Promise<SandboxBackend> {
  const { ssh } = options;
  if (ssh === null) {
    throw new Failure("sandbox.unavailable", "terminal.backend is ssh, but there is no host to go to.", {
      advice: "Name it with: hermes config set terminal.ssh_host HOST, and terminal.ssh_user.",
    });
  }
  // Who answers, and whether we are let in, is known before the first command needs it.
  (await connectSsh(ssh)).end();
  const machines = new Set<SshMachine>();
  return shellBackend({
    name: "ssh",
    hint: `The host ${ssh.host} by SSH, as ${ssh.user}, in your own directory; dangerous commands are asked about first.`,
    lifetimeMs: options.lifetimeMs,
    log: options.log,
    machine(owner) {
      const machine = sshMachine(owner, ssh, (options.workdir ?? "hermes/workspaces").replace(/^~\//, ""));
      machines.add(machine);
      return machine;
    },
    async sweep() {
      for (const machine of machines) if (machine.idleMs() >= options.lifetimeMs) machine.disconnect();
    },
    async close() {
      for (const machine of machines) machine.disconnect();
    },
  });
}

type SshMachine = Machine & { idleMs(): number; disconnect(): void };

function sshMachine(owner: SandboxOwner, options: SshOptions, workspaces: string): SshMachine {
  const place: { -readonly [Key in keyof Place]: Place[Key] } = { workspace: "", state: "" };
  let connecting: Promise<SshConnection> | null = null;
  let connection: SshConnection | null = null;
  let channels = 0;
  let lastUsed = Date.now();

  const prepare = async (fresh: SshConnection): Promise<void> => {
    // Two installations that share an account there must not take each other's shells for their own.
    const state = `"$HOME"/.hermes-shells/${createHash("sha256").update(workspaces).digest("hex").slice(0, 10)}/${owner.key}`;
    const workspace = `${quoted(workspaces)}/${owner.key}`;
    const script = `cd && umask 077 && mkdir -p ${state} ${workspace} && cd ${state} && pwd -P && cd && cd ${workspace} && pwd -P`;
    const channel = await fresh.exec(`sh -c ${quoted(script)}`);
    const [complaint, lines] = await inTime(Promise.all([text(channel.stderr), text(channel)]), prepareMs, "preparing the host");
    const [at, home] = lines.split("\n");
    if (!at || !home) {
      throw new Failure("sandbox.unavailable", `${options.host} could not make a workspace: ${complaint.trim()}`, {
        advice: `Check the rights of ${options.user} there, and terminal.cwd.`,
      });
    }
    place.state = at;
    place.workspace = home;
  };
  const connect = async (): Promise<SshConnection> => {
    const fresh = await connectSsh(options);
    try {
      await prepare(fresh);
      return fresh;
    } catch (thrown) {
      fresh.end();
      throw thrown;
    }
  };
  const connected = async (): Promise<SshConnection> => {
    if (connection?.alive) return connection;
    connecting ??= connect().finally(() => void (connecting = null));
    connection = await connecting;
    return connection;
  };
  const machine: SshMachine = {
    owner: owner.key,
    place,
    mostProcesses: anyProcesses,
    killedNote: "It was killed from outside, perhaps for want of memory.",
    ensure: async () => void (await connected()),
    async spawn(argv, { onEnd, ...wish }) {
      const channel = await (await connected()).exec(argv.map(quoted).join(" "));
      channels += 1;
      const ended = (): void => {
        channels -= 1;
        lastUsed = Date.now();
        onEnd();
      };
      return pipesOver(channel, { ...wish, onEnd: ended });
    },
    async restart() {
      await killOwner(machine);
      machine.disconnect();
      await machine.ensure();
    },
    whyStopped: () => Promise.resolve(connection?.alive === true ? null : "the connection to its host broke"),
    failure: (thrown) => sshFailure(thrown, options),
    idleMs: () => (channels > 0 ? 0 : Date.now() - lastUsed),
    disconnect() {
      connection?.end();
      connection = null;
    },
  };
  return machine;
}

function pipesOver(channel: ClientChannel, { onOutput, onError, onEnd }: SpawnWish): Pipes {
  channel.on("data", onOutput);
  channel.stderr.on("data", onError ?? onOutput);
  // A channel that breaks closes; that is what counts.
  channel.on("error", () => undefined);
  channel.once("close", onEnd);
  return { write: (input) => void channel.write(input), end: () => void channel.end(), destroy: () => channel.destroy() };
}
