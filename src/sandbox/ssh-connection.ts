import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Algorithms, Client, type ClientChannel, type ConnectConfig } from "ssh2";
import { Failure } from "../core/failures.ts";
import { algorithmsOf, fingerprint, knownHost } from "./ssh-hosts.ts";

/** Where and as whom commands run. */
export interface SshOptions {
  /** [terminal.ssh_host] */
  readonly host: string;
  /** [terminal.ssh_port] */
  readonly port: number;
  /** [terminal.ssh_user] */
  readonly user: string;
  /** [terminal.ssh_key] A private key's file; null: the agent at SSH_AUTH_SOCK, else the usual files of ~/.ssh. */
  readonly key: string | null;
  /** [terminal.ssh_known_hosts] */
  readonly knownHosts: string;
  /** SSH_AUTH_SOCK. */
  readonly agent: string | null;
}

/** A connection that has been let in. */
export interface SshConnection {
  readonly alive: boolean;
  exec(command: string): Promise<ClientChannel>;
  end(): void;
}

const readyMs = 15_000;
/** A connection that answers nothing for three of these is given up. */
const keepaliveMs = 15_000;
const usualKeys = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** Connects, having checked who answers. Throws `sandbox.unavailable`. */
export async function connectSsh(options: SshOptions): Promise<SshConnection> {
  const { host, port, user } = options;
  const known = knownHost(await readFile(options.knownHosts, "utf8").catch(() => ""), host, port);
  const refusal: { now: Failure | null } = { now: null };
  const config: ConnectConfig = {
    host,
    port,
    username: user,
    readyTimeout: readyMs,
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: 3,
    ...(await proofOf(options)),
    // Boundary: the type lists ssh2's names; a known_hosts file has names of its own, which ssh2 checks.
    ...(known.keys.length === 0 ? {} : { algorithms: { serverHostKey: algorithmsOf(known.keys) } as Algorithms }),
    hostVerifier: (key: Buffer) => {
      const base64 = key.toString("base64");
      if (known.revoked.some((one) => one.base64 === base64)) refusal.now = revokedHost(options);
      else if (!known.keys.some((one) => one.base64 === base64)) {
        refusal.now = known.keys.length === 0 ? unknownHost(options, key) : changedHost(options, key);
      }
      return refusal.now === null;
    },
  };
  const client = new Client();
  const state = { alive: true };
  client.on("close", () => void (state.alive = false));
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.on("error", (error) => {
      state.alive = false;
      reject(refusal.now ?? sshFailure(error, options));
    });
    client.connect(config);
  });
  return {
    get alive() {
      return state.alive;
    },
    exec: (command) =>
      new Promise((resolve, reject) => {
        client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
      }),
    end: () => void client.end(),
  };
}

async function proofOf({ key, agent }: SshOptions): Promise<Pick<ConnectConfig, "privateKey" | "agent">> {
  if (key !== null) {
    const privateKey = await readFile(key).catch((cause: unknown) => {
      throw new Failure("sandbox.unavailable", `The SSH key ${key} can't be read.`, {
        advice: "Name another with: hermes config set terminal.ssh_key FILE",
        cause,
      });
    });
    return { privateKey };
  }
  if (agent !== null) return { agent };
  for (const name of usualKeys) {
    const privateKey = await readFile(join(homedir(), ".ssh", name)).catch(() => null);
    if (privateKey !== null) return { privateKey };
  }
  throw new Failure("sandbox.unavailable", "There is no SSH key: no terminal.ssh_key, no agent, and none in ~/.ssh.", {
    advice: "Make one with ssh-keygen, or name it with: hermes config set terminal.ssh_key FILE",
  });
}

/** An error of the connection as a failure with the mend. */
export function sshFailure(thrown: unknown, { host, port, user }: SshOptions): unknown {
  if (thrown instanceof Failure || !(thrown instanceof Error)) return thrown;
  const level = "level" in thrown ? thrown.level : null;
  if (level === "client-authentication") {
    return new Failure("sandbox.unavailable", `${host} does not let ${user} in with this SSH key.`, {
      advice: `Add the public key there (ssh-copy-id -p ${port} ${user}@${host}), or check terminal.ssh_user and terminal.ssh_key.`,
      cause: thrown,
    });
  }
  if (level === null && !("code" in thrown)) return thrown;
  return new Failure("sandbox.unavailable", `The SSH host ${host}:${port} does not answer: ${thrown.message}`, {
    advice: "Check terminal.ssh_host and terminal.ssh_port, and that its SSH server runs.",
    retryable: true,
    cause: thrown,
  });
}

function unknownHost({ host, port, knownHosts }: SshOptions, key: Buffer): Failure {
  return new Failure("sandbox.unavailable", `The SSH host ${host}:${port} is not known yet. Its key is ${fingerprint(key)}.`, {
    advice: `If that is right: ssh-keyscan -p ${port} ${host} >> ${knownHosts}`,
  });
}

function changedHost({ host, port, knownHosts }: SshOptions, key: Buffer): Failure {
  return new Failure(
    "sandbox.unavailable",
    `The SSH host ${host}:${port} shows another key (${fingerprint(key)}) than ${knownHosts} has. Somebody may be in between.`,
    { advice: `If the host was set up anew: ssh-keygen -R '[${host}]:${port}', then add its new key.` },
  );
}

function revokedHost({ host, port, knownHosts }: SshOptions): Failure {
  return new Failure("sandbox.unavailable", `The key of the SSH host ${host}:${port} is revoked in ${knownHosts}.`, {
    advice: "Do not use this host before its owner has given it a new key.",
  });
}
