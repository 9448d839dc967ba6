import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { findProgram, freePort, startService, temporaryFolder, untilReady } from "./processes.ts";

/** A real SSH server of one's own, with keys made for it, behind a line that can be cut. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** The private key that it lets in, and one that it does not. */
  readonly key: string;
  readonly strangerKey: string;
  /** A file that knows its host key. */
  readonly knownHosts: string;
  /** Breaks all connections. */
  cut(): void;
  /** Breaks all connections and takes no new ones, until `restore`. */
  unplug(): Promise<void>;
  restore(): Promise<void>;
}

/** Starts OpenSSH's server on free ports. */
export async function startSshd(): Promise<Sshd> {
  const [program, keygen] = [findProgram("sshd"), findProgram("ssh-keygen")];
  if (program === null || keygen === null) throw new Error("sshd is missing: apt-get install openssh-server");
  const folder = temporaryFolder("sshd");
  const at = (name: string): string => join(folder.path, name);
  for (const name of ["host", "client", "stranger"]) {
    const { status, stderr } = spawnSync(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", at(name)], { encoding: "utf8" });
    if (status !== 0) throw new Error(`ssh-keygen failed: ${stderr}`);
  }
  copyFileSync(at("client.pub"), at("authorized_keys"));
  chmodSync(folder.path, 0o700);
  mkdirSync(at("home"));
  const own = await freePort();
  writeFileSync(at("config"), configOf(own, at));
  // Where it drops its privileges; Debian's package makes it at boot only.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const service = startService([program, "-D", "-f", at("config")]);
  await untilReady("sshd", service, () => answers(own));
  const line = await openLine(own);
  const [type = "", base64 = ""] = readFileSync(at("host.pub"), "utf8").split(" ");
  writeFileSync(at("known_hosts"), `[127.0.0.1]:${line.port} ${type} ${base64}\n`);
  return {
    port: line.port,
    user: userInfo().username,
    key: at("client"),
    strangerKey: at("stranger"),
    knownHosts: at("known_hosts"),
    cut: line.cut,
    unplug: line.unplug,
    restore: line.restore,
    async [Symbol.asyncDispose]() {
      await line.unplug();
      await service.end("SIGKILL");
      folder.remove();
    },
  };
}

function configOf(port: number, at: (name: string) => string): string {
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    // No file of the real user's is read or written.
    `SetEnv HOME=${at("home")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    "MaxStartups 100",
  ];
  return `${lines.join("\n")}\n`;
}

/** A relay to `port`. */
async function openLine(port: number) {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    keep(near);
    keep(far);
    near.pipe(far).pipe(near);
  });
  const listen = async (at: number): Promise<number> => {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port was given");
    return address.port;
  };
  const own = await listen(0);
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: own,
    cut,
    async unplug() {
      if (!server.listening) return;
      server.close();
      cut();
      await once(server, "close");
    },
    restore: async () => void (await listen(own)),
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    const [hello]: unknown[] = await once(socket, "data");
    return String(hello).startsWith("SSH-2.0");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
