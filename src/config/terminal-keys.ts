import { address, amount, hosts, oneOf, text, toggle, variables, whole } from "./kinds.ts";
import { row } from "./row.ts";

/** The rows of where commands run. */
export const terminalKeys = {
  "terminal.backend": row(
    oneOf(["auto", "docker", "local", "ssh", "virtual"]),
    "auto",
    "Where commands run: `docker` containers, a `virtual` shell without a host, another host by `ssh`, this host itself (`local`), or `auto`: docker where an engine answers, else virtual.",
    { effect: "message" },
  ),
  "terminal.cwd": row(
    text("a folder"),
    null,
    "Where `local` and `ssh` keep each person's workspace; without it `workspaces` in the home, or `hermes/workspaces` on the host.",
    { effect: "message" },
  ),
  "terminal.env_passthrough": row(
    variables(),
    [],
    "Environment variables that `local` commands may see beside the harmless ones.",
    { effect: "message" },
  ),
  "terminal.ssh_host": row(text("a host's name"), null, "The host that `ssh` goes to.", { effect: "message" }),
  "terminal.ssh_port": row(whole(1, 65_535, ""), 22, "Its port.", { effect: "message" }),
  "terminal.ssh_user": row(text("a user's name"), null, "Who commands run as there; without it the user that runs Hermes Team.", {
    effect: "message",
  }),
  "terminal.ssh_key": row(
    text("a private key's file"),
    null,
    "The key to be let in with; without it the agent at SSH_AUTH_SOCK, else the usual files of ~/.ssh.",
    { effect: "message" },
  ),
  "terminal.ssh_known_hosts": row(text("a file"), null, "Where hosts' keys are looked up; without it ~/.ssh/known_hosts.", {
    effect: "message",
  }),
  "terminal.docker_image": row(text("an image's name"), "python:3.11-slim", "The image of a sandbox container.", {
    effect: "message",
  }),
  "terminal.container_cpu": row(amount(0.01, 1_024, "cores"), 1, "Processor cores of one sandbox.", { effect: "message" }),
  "terminal.container_memory": row(whole(16, 16_777_216, "megabytes"), 5_120, "Memory of one sandbox, in megabytes.", {
    effect: "message",
  }),
  "terminal.container_disk": row(
    whole(16, 1_073_741_824, "megabytes"),
    51_200,
    "Disk of one sandbox, in megabytes, where the engine can limit it.",
    { effect: "message" },
  ),
  "terminal.timeout": row(whole(1, 86_400, "seconds"), 180, "How long one command may run, unless the call says otherwise."),
  "terminal.lifetime_seconds": row(
    whole(1, 31_536_000, "seconds"),
    300,
    "An idle sandbox is stopped after this long; its workspace stays.",
    { effect: "message" },
  ),
  "terminal.docker_network": row(toggle(), false, "Whether sandboxes may reach the network.", { effect: "message" }),
  "terminal.docker_network_allow": row(
    hosts(),
    [],
    "Hosts that sandboxes may reach by HTTP and HTTPS (ports 80 and 443), and nothing else; `*.example.com` means all below it. Where it is set, it holds, whatever `terminal.docker_network` says.",
    { effect: "message" },
  ),
  "terminal.docker_warm": row(
    whole(0, 16, ""),
    1,
    "Containers kept ready, so that a new chat's first command starts at once; 0: none.",
    { effect: "message" },
  ),
  "terminal.docker_host": row(
    address(["unix", "tcp", "http", "https", "ssh"], "unix:///var/run/docker.sock"),
    null,
    "The Docker engine's address; without it, the local socket.",
    {
      effect: "message",
      env: "DOCKER_HOST",
    },
  ),
};
