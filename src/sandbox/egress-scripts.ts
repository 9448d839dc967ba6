import { quoted } from "./shell-scripts.ts";

/** Where the proxy's socket is, in its container and in each sandbox. */
export const egressMount = "/.hermes-egress";

const port = 3128;
const address = `http://127.0.0.1:${port}`;

/** What programs in a sandbox look at to find the proxy. */
export const egressEnvironment: readonly string[] = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map((name) => `${name}=${address}`),
  ...["NO_PROXY", "no_proxy"].map((name) => `${name}=localhost,127.0.0.1,::1`),
];

/**
 * In the sandbox: passes connections to a port of its own loopback on to the proxy's socket. It is the person's own process and decides
 * nothing. One thread, since the sandbox's processes are counted.
 */
const forwarder = `
import selectors, socket, time
path = "${egressMount}/proxy.sock"
poll = selectors.DefaultSelector()
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", ${port}))
server.listen(64)
server.setblocking(False)
other, held, ended = {}, {}, {}
def dial():
    for turn in range(20):
        near = socket.socket(socket.AF_UNIX)
        try:
            near.connect(path)
            return near
        except OSError:
            near.close()
            time.sleep(0.1)
    return None
def watch(end):
    events = 0
    peer = other[end]
    if not ended[end] and len(held[peer]) < 262144: events |= selectors.EVENT_READ
    if held[end]: events |= selectors.EVENT_WRITE
    if end in poll.get_map():
        if events: poll.modify(end, events)
        else: poll.unregister(end)
    elif events: poll.register(end, events)
def drop(end):
    for each in (end, other.get(end)):
        if each is None or each not in other: continue
        if each in poll.get_map(): poll.unregister(each)
        del other[each], held[each], ended[each]
        each.close()
def serve(end, events):
    peer = other[end]
    if events & selectors.EVENT_READ:
        data = end.recv(65536)
        if data: held[peer] += data
        else: ended[end] = True
    if held[end] and events & selectors.EVENT_WRITE:
        del held[end][:end.send(held[end])]
    for one, two in ((end, peer), (peer, end)):
        if ended[one] and not held[two]:
            try: two.shutdown(socket.SHUT_WR)
            except OSError: pass
    if ended[end] and ended[peer] and not held[end] and not held[peer]: return drop(end)
    watch(end)
    watch(peer)
while True:
    if server not in poll.get_map(): poll.register(server, selectors.EVENT_READ)
    for key, events in poll.select():
        end = key.fileobj
        try:
            if end is server:
                far = server.accept()[0]
                near = dial()
                if near is None:
                    far.sendall(b"HTTP/1.1 502 Bad Gateway\\r\\nConnection: close\\r\\n\\r\\nThe way to the network is not up. Try again in a moment.\\n")
                    far.close()
                    continue
                for a, b in ((far, near), (near, far)):
                    a.setblocking(False)
                    other[a], held[a], ended[a] = b, bytearray(), False
                watch(far)
                watch(near)
            elif end in other: serve(end, events)
        except BlockingIOError: pass
        except OSError:
            if end is not server: drop(end)
`;

/** A part of the shell text that a sandbox's first process runs. */
export const forwarderScript = `{ while :; do python3 -c ${quoted(forwarder)}; sleep 2; done; } < /dev/null > /dev/null 2>&1 &`;

/** Most connections at once; one more ends the one that has been silent for longest. */
const mostConnections = 400;
/** Processes and threads of the proxy: a thread a connection, and room for those that look up names. */
export const proxyPids = mostConnections + 64;
/** Seconds a connection may be silent. */
const silentSeconds = 300;
/** Seconds without any connection after which the proxy ends itself, when nobody is left to end it. */
const unusedSeconds = 25 * 60 * 60;

/**
 * In a container of its own, the only one with a network: takes HTTP and CONNECT from the socket, looks up names itself, and dials only
 * the address it has checked. Its arguments are the list. Plain HTTP is one request a connection, its Host that of the address.
 */
export const proxyScript = `
import ipaddress, os, select, socket, sys, threading, time
path = "${egressMount}/proxy.sock"
hosts = [each.lower().rstrip(".") for each in sys.argv[1:]]
closed4 = [ipaddress.ip_network(each) for each in (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4").split()]
open6 = ipaddress.ip_network("2000::/3")
closed6 = [ipaddress.ip_network(each) for each in "2001::/23 2001:db8::/32 2002::/16 3fff::/20".split()]
live, lock, latest = {}, threading.Lock(), [time.monotonic()]
class Refused(Exception): pass
def public(text):
    ip = ipaddress.ip_address(text.split("%")[0])
    if ip.version == 4: return not any(ip in each for each in closed4)
    return ip in open6 and not any(ip in each for each in closed6)
def listed(host):
    return any(host == each or (each.startswith("*.") and host.endswith(each[1:]) and len(host) >= len(each)) for each in hosts)
def place(text, default):
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"): host, port = text, str(default)
    host = host.strip("[]").lower().rstrip(".")
    if not host or not port.isascii() or not port.isdigit() or not all(c.isalnum() or c in "-._:" for c in host) or not host.isascii():
        raise Refused("400 Bad Request", "That is no host and port.")
    return host, int(port)
def dial(host, port):
    if port not in (80, 443): raise Refused("403 Forbidden", "Only the ports 80 and 443 are reachable from the sandbox.")
    if not listed(host): raise Refused("403 Forbidden", host[:200] + " is not on the list of hosts that the sandbox may reach.")
    try: found = [each[4][0] for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError): raise Refused("502 Bad Gateway", host + " can't be found.")
    if not found or not all(public(each) for each in found):
        raise Refused("403 Forbidden", host + " leads to an address that is not public.")
    for each in found[:4]:
        try: return socket.create_connection((each, port), 10)
        except OSError: pass
    raise Refused("502 Bad Gateway", host + " does not answer.")
def head(near):
    data = b""
    until = time.monotonic() + 15
    while b"\\r\\n\\r\\n" not in data:
        near.settimeout(max(0.1, until - time.monotonic()))
        more = near.recv(16384)
        if not more or len(data) > 32768 or time.monotonic() > until: raise Refused("400 Bad Request", "That is no request.")
        data += more
    text, rest = data.split(b"\\r\\n\\r\\n", 1)
    return text.decode("latin-1").split("\\r\\n"), rest
def plain(words, lines):
    method, target, version = words
    if not target.startswith("http://"): raise Refused("400 Bad Request", "This is a proxy: http:// and CONNECT only.")
    name, slash, rest = target[7:].partition("/")
    if any(ord(each) < 33 for each in target) or any(each in name for each in "@?#"): raise Refused("400 Bad Request", "That is no host and port.")
    host, port = place(name, 80)
    keep = [each for each in lines if each.split(":")[0].strip().lower() not in ("host", "connection", "proxy-connection", "proxy-authorization", "keep-alive", "upgrade")]
    if any(each[:1] in " \\t" or "\\n" in each or "\\r" in each for each in keep): raise Refused("400 Bad Request", "Folded lines are not taken.")
    return host, port, "\\r\\n".join([method + " /" + rest + " HTTP/1.1", "Host: " + name, "Connection: close", *keep, "", ""]).encode("latin-1")
def relay(near, far):
    ends = {near: far, far: near}
    for end in ends: end.settimeout(${silentSeconds})
    reading = [near, far]
    while reading:
        ready = select.select(reading, [], [], ${silentSeconds})[0]
        if not ready: return
        live[near] = latest[0] = time.monotonic()
        for end in ready:
            data = end.recv(65536)
            if data: ends[end].sendall(data)
            else:
                reading.remove(end)
                ends[end].shutdown(socket.SHUT_WR)
def serve(near):
    far = None
    try:
        lines, rest = head(near)
        words = lines[0].split(" ")
        if len(words) != 3: raise Refused("400 Bad Request", "That is no request.")
        if words[0] == "CONNECT":
            far = dial(*place(words[1], 443))
            near.sendall(b"HTTP/1.1 200 Connected\\r\\n\\r\\n")
        else:
            host, port, begin = plain(words, lines[1:])
            far = dial(host, port)
            far.sendall(begin)
        if rest: far.sendall(rest)
        relay(near, far)
    except Refused as no:
        body = no.args[1] + "\\n"
        try: near.sendall(("HTTP/1.1 " + no.args[0] + "\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\nContent-Length: " + str(len(body)) + "\\r\\n\\r\\n" + body).encode("latin-1", "replace"))
        except OSError: pass
    except (OSError, ValueError): pass
    finally:
        with lock: live.pop(near, None)
        near.close()
        if far: far.close()
def evict():
    with lock:
        if len(live) < ${mostConnections}: return
        oldest = min(live, key=live.get)
        live.pop(oldest)
    try: oldest.shutdown(socket.SHUT_RDWR)
    except OSError: pass
def main():
    try: os.unlink(path)
    except FileNotFoundError: pass
    threading.stack_size(262144)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen(128)
    server.settimeout(60)
    print("ready", flush=True)
    while live or time.monotonic() - latest[0] < ${unusedSeconds}:
        try: near = server.accept()[0]
        except TimeoutError: continue
        except OSError: time.sleep(0.1); continue
        evict()
        with lock: live[near] = latest[0] = time.monotonic()
        try: threading.Thread(target=serve, args=(near,), daemon=True).start()
        except RuntimeError:
            with lock: live.pop(near, None)
            near.close()
main()
`;
