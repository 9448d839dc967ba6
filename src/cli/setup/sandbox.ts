import { existsSync } from "node:fs";
import type { Config } from "../../config/keys.ts";
import { asFailure, Failure } from "../../core/failures.ts";
import { sshOf } from "../../main/sandboxes.ts";
import { accountName } from "../../sandbox/account.ts";
import { connectEngine, type Engine } from "../../sandbox/docker-engine.ts";
import { connectSsh } from "../../sandbox/ssh-connection.ts";
import { type Setup, type StepEnd } from "./step.ts";
import type { Choice } from "./talk.ts";

/** Where commands may run. */
const backends = ["auto", "docker", "virtual", "ssh", "local"] as const;
type Backend = (typeof backends)[number];

/** What was found. */
interface Found {
  readonly engine: { readonly address: string; readonly name: string; readonly image: boolean } | null;
  /** Why there is none, and what to do about it. */
  readonly why: string;
  readonly mend: string;
  /** The engine answers at a place that the configuration does not look at. */
  readonly elsewhere: boolean;
}

/** Sandbox: in containers where an engine answers, else in the virtual shell; another place only when it is asked for. */
export async function setUpSandbox(setup: Setup): Promise<readonly StepEnd[]> {
  const { flags, talk } = setup;
  const { config } = await setup.load();
  const flagged = flags.backend === undefined ? null : (backends.find((each) => each === flags.backend) ?? "unknown");
  if (flagged === "unknown")
    throw new Failure("config.invalid", `there is no backend ${flags.backend}.`, { advice: `Backends: ${backends.join(", ")}.` });
  const found = await look(config);
  const ssh = flagged === "ssh" ? { host: flags.sshHost ?? config.terminal.sshHost, user: flags.sshUser ?? null } : null;
  if (flagged !== null) return [await chosen(setup, found, flagged, ssh)];
  if (talk === null) return [await chosen(setup, found, config.terminal.backend, null)];
  const backend = await talk.choose("Where shall its commands run?", choices(found, config), config.terminal.backend);
  if (
    backend === "local" &&
    !(await talk.yes(`Commands then run on this machine as ${accountName()}, without walls. Sure?`, false))
  )
    return await setUpSandbox(setup);
  const asked = backend === "ssh" ? await askHost(talk, config) : null;
  return [await chosen(setup, found, backend, asked)];
}

async function look({ terminal }: Config): Promise<Found> {
  const usual = await attempt(terminal.dockerHost, terminal.dockerImage);
  if (!(usual instanceof Failure)) return { engine: usual, why: "", mend: "", elsewhere: false };
  for (const socket of terminal.dockerHost === null ? podmanSockets() : []) {
    const engine = await attempt(`unix://${socket}`, terminal.dockerImage);
    if (!(engine instanceof Failure)) return { engine, why: "", mend: "", elsewhere: true };
  }
  return { engine: null, why: usual.message.replace(/\.?$/, "."), mend: usual.advice ?? "", elsewhere: false };
}

/** Podman's service, where it is switched on (`systemctl --user enable --now podman.socket`). */
function podmanSockets(): readonly string[] {
  const runtime = process.env["XDG_RUNTIME_DIR"];
  const own = runtime === undefined ? [] : [`${runtime}/podman/podman.sock`];
  return [...own, "/run/podman/podman.sock"].filter((path) => existsSync(path));
}

async function attempt(host: string | null, image: string): Promise<NonNullable<Found["engine"]> | Failure> {
  try {
    const engine = await connectEngine(host);
    return { address: engine.address, name: engine.podman ? "Podman" : "Docker", image: await has(engine, image) };
  } catch (thrown) {
    return asFailure(thrown);
  }
}

async function has({ docker }: Engine, image: string): Promise<boolean> {
  return await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

function choices({ engine }: Found, { terminal }: Config): readonly Choice<Backend>[] {
  const best =
    engine === null
      ? {
          label: "In the virtual shell, and in containers once an engine answers (recommended)",
          hint: "no Docker or Podman answers now",
        }
      : { label: "In containers, one a person (recommended)", hint: `${engine.name} at ${engine.address}` };
  return [
    { value: "auto", ...best },
    ...(terminal.backend === "docker" ? [{ value: "docker" as const, label: "In containers only" }] : []),
    { value: "virtual", label: "In the virtual shell only", hint: "no real programs, nothing can break" },
    { value: "ssh", label: "On another machine, by SSH", hint: "without walls there" },
    { value: "local", label: "On this machine itself", hint: "without walls: not recommended" },
  ];
}

interface Host {
  readonly host: string | null;
  readonly user: string | null;
}

async function askHost(talk: NonNullable<Setup["talk"]>, { terminal }: Config): Promise<Host> {
  const host = await talk.text("The host's name", terminal.sshHost ?? "");
  const user = await talk.text("Who to be there", terminal.sshUser ?? accountName());
  return { host: host === "" ? null : host, user };
}

/** Sees that the place is there, and makes it the one. */
async function chosen(setup: Setup, found: Found, backend: Backend, ssh: Host | null): Promise<StepEnd> {
  if (ssh !== null) return await throughSsh(setup, ssh);
  const { config } = await setup.load();
  if (backend === "ssh") return await throughSsh(setup, { host: config.terminal.sshHost, user: config.terminal.sshUser });
  const end = about(found, backend, config);
  if (end.state === "failed") return end;
  if (found.engine !== null && found.elsewhere && (backend === "auto" || backend === "docker"))
    await setup.save("terminal.docker_host", found.engine.address);
  if (config.terminal.backend !== backend) await setup.save("terminal.backend", backend);
  return end;
}

function about({ engine, why, mend }: Found, backend: Backend, { terminal }: Config): StepEnd {
  const done = (text: string): StepEnd => ({ state: "done", about: "sandbox", text });
  const image = engine?.image === true ? "" : `; the image ${terminal.dockerImage} is pulled at first use`;
  switch (backend) {
    case "virtual":
      return done("the virtual shell");
    case "local":
      return done(`this machine itself, as ${accountName()}, without walls`);
    case "ssh":
      return done("another machine, by SSH");
    case "docker":
    case "auto":
      if (engine !== null) return done(`containers, by ${engine.name} at ${engine.address}${image}`);
      if (backend === "auto") return done(`the virtual shell, and containers once an engine answers (${why.replace(/\.$/, "")})`);
      return { state: "failed", about: "sandbox", text: `${why} ${mend}`.trimEnd() };
  }
}

/** Saved only when the host knows us. */
async function throughSsh(setup: Setup, { host, user }: Host): Promise<StepEnd> {
  const { config } = await setup.load();
  const ssh = sshOf({ ...config.terminal, sshHost: host, sshUser: user ?? config.terminal.sshUser });
  if (ssh === null)
    return { state: "failed", about: "sandbox", text: "Name the host: hermes setup sandbox --backend ssh --ssh-host HOST" };
  try {
    (await connectSsh(ssh)).end();
  } catch (thrown) {
    const { message, advice } = asFailure(thrown);
    return { state: "failed", about: "sandbox", text: [message, advice ?? ""].join(" ").trimEnd() };
  }
  await setup.save("terminal.ssh_host", ssh.host);
  await setup.save("terminal.ssh_user", ssh.user);
  if (config.terminal.backend !== "ssh") await setup.save("terminal.backend", "ssh");
  return { state: "done", about: "sandbox", text: `${ssh.host}, by SSH, as ${ssh.user}` };
}
