import type { Log } from "../core/log.ts";
import type { SshOptions } from "./ssh-connection.ts";

/** What a backend needs to know. The words in brackets are the configuration keys the values come from. */
export interface SandboxOptions {
  /** [terminal.docker_image] */
  readonly image: string;
  /** [terminal.container_cpu] Cores, fractions allowed. */
  readonly cpus: number;
  /** [terminal.container_memory] Megabytes, swap included. */
  readonly memoryMb: number;
  /** Processes and threads at once. */
  readonly pids: number;
  /** [terminal.container_disk] Megabytes of workspace; in docker only where the engine's file system has quotas. */
  readonly diskMb: number;
  /** [terminal.docker_network, docker_network_allow] What a container reaches: nothing, the hosts on the list, or everything. */
  readonly network: "none" | "allow" | "full";
  /** [terminal.docker_network_allow] Hosts; `*.` stands for everything below one. */
  readonly networkAllow: readonly string[];
  /** [terminal.docker_warm] Containers kept ready for new chats. */
  readonly warm: number;
  /** [terminal.lifetime_seconds] How long an unused sandbox stays up. */
  readonly lifetimeMs: number;
  /** DOCKER_HOST, or null for the usual sockets. */
  readonly dockerHost: string | null;
  /** Tells this installation's containers and volumes from another's on the same engine. */
  readonly home: string;
  /** [terminal.cwd] Where the host's and ssh's workspaces lie; null: the home's own. */
  readonly workdir: string | null;
  /** Where commands go by SSH; null: nowhere. */
  readonly ssh: SshOptions | null;
  /** [terminal.env_passthrough] What commands on the host itself may know of the service's environment. */
  readonly envPassthrough: readonly string[];
  /** Where the virtual backend keeps workspaces; one directory an owner. */
  readonly directory: string;
  readonly log: Log;
  /** Hears what is being done when opening takes long: a line for people. */
  readonly report: (text: string) => void;
}
