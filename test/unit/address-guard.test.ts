import assert from "node:assert/strict";
import test, { suite } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/core/failures.ts";
import { classOf } from "../../src/sandbox/guard/addresses.ts";
import { allowing } from "../../src/sandbox/guard/allowance.ts";
import { hostOf, targetOf } from "../../src/sandbox/guard/target.ts";

const nobody = allowing([]);

type Octets = readonly [number, number, number, number];

/** IANA's registry of special IPv4 addresses, and what only a cloud's machine can reach: written here again, to be compared with. */
const special = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["168.63.129.16", 32],
] as const;

const number = ([a, b, c, d]: Octets): number => ((a * 256 + b) * 256 + c) * 256 + d;
const octetsOf = (value: number): Octets => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const parsed = (text: string): number => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return number([a, b, c, d]);
};
const isSpecial = (value: number): boolean =>
  special.some(([base, bits]) => Math.floor(value / 2 ** (32 - bits)) === Math.floor(parsed(base) / 2 ** (32 - bits)));

const inSpecial = fc
  .constantFrom(...special)
  .chain(([base, bits]) => fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((offset) => parsed(base) + offset));
const inPublic = fc.nat({ max: 2 ** 32 - 1 }).filter((value) => !isSpecial(value));

const hex = (value: number, width = 0): string => value.toString(16).padStart(width, "0");
const part = (value: number, style: number): string =>
  style === 0 ? String(value) : style === 1 ? `0x${hex(value)}` : style === 2 ? `0X00${hex(value)}` : `0${value.toString(8)}`;
const styles = fc.tuple(...([0, 1, 2, 3] as const).map(() => fc.integer({ min: 0, max: 3 })));

/** Ways that some program reads as this IPv4 address: few or many parts, each decimal, octal or hexadecimal, other digits, dots, percent. */
const spelling = (value: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), styles, fc.constantFrom("", "."), fc.constantFrom(plain, wide, percent))
    .map(([count, [s0 = 0, s1 = 0, s2 = 0, s3 = 0], dot, disguise]) => {
      const [a, b, c] = octetsOf(value);
      const last = value % 2 ** (8 * (5 - count));
      const parts = [...[a, b, c].slice(0, count - 1), last];
      return disguise(parts.map((each, at) => part(each, [s0, s1, s2, s3][at] ?? 0)).join(".")) + dot;
    });
const plain = (text: string): string => text;
const wide = (text: string): string =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))).replaceAll(".", "。");
const percent = (text: string): string => text.replace(/^./, (first) => `%${hex(first.charCodeAt(0), 2)}`);

/** IPv6 addresses that carry it: mapped, compatible, translated, NAT64 (both prefixes), 6to4, Teredo, ISATAP in link-local. */
const carriers = (value: number): readonly string[] => {
  const [a, b, c, d] = octetsOf(value);
  const high = hex(a * 256 + b);
  const low = hex(c * 256 + d);
  const dotted = `${a}.${b}.${c}.${d}`;
  return [
    `::ffff:${dotted}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:ffff:${high}:${low}`,
    `::${dotted}`,
    `::ffff:0:${dotted}`,
    `64:ff9b::${dotted}`,
    `64:ff9b:1::${dotted}`,
    `2002:${high}:${low}::1`,
    `2001:0:${high}:${low}::1`,
    `fe80::5efe:${dotted}`,
  ];
};

const refuses = (url: string, allowance = nobody): boolean => {
  try {
    targetOf(url, null, allowance);
    return false;
  } catch (thrown) {
    assert.ok(thrown instanceof Failure && thrown.code === "web.refused", String(thrown));
    return true;
  }
};

suite("address guard: addresses", () => {
  test("every special IPv4 address is refused in every spelling, also inside IPv6", () => {
    fc.assert(
      fc.property(
        inSpecial.chain((value) => fc.tuple(fc.constant(value), spelling(value))),
        ([value, spelled]) => {
          assert.ok(refuses(`http://${spelled}/`), spelled);
          assert.ok(refuses(`https://${spelled}:8443/x?y`), spelled);
          for (const carrier of carriers(value)) assert.ok(refuses(`http://[${carrier}]/`), carrier);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("no public IPv4 address is refused, and it is dialled in its plain spelling", () => {
    fc.assert(
      fc.property(
        inPublic.chain((value) => fc.tuple(fc.constant(value), spelling(value))),
        ([value, spelled]) => {
          assert.equal(hostOf(targetOf(`http://${spelled}/`, null, nobody)), octetsOf(value).join("."));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("IPv6: what is given out on the Internet is public, all else is not", () => {
    for (const address of ["2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2620:fe::fe", "2400:cb00::1"])
      assert.equal(classOf(address), "public", address);
    const closed = ["::", "ff02::1", "fe80::1", "fec0::1", "2001:db8::1", "3fff::1", "100::1", "2001:2::1", "2001:20::1"];
    for (const address of [...closed, "4000::1", "1::1", "5f00::1", "fd00:ec2::254", "fd00:0ec2:0:0:0:0:0:254", "fe80::1%eth0"])
      assert.equal(classOf(address), "never", address);
    assert.equal(classOf("::1"), "loopback");
    assert.equal(classOf("fd12:3456::1"), "private");
  });

  test("anything that is no address is closed", () => {
    fc.assert(fc.property(fc.string(), (text) => classOf(text) === "never" || /^[\d.]+$|:/.test(text)));
    for (const text of ["", "8.8.8", "0x08080808", "8.8.8.8.8", "8.8.8.8 ", "256.1.1.1", "1", "08.8.8.8", ":::", "1.1.1.1%lo"])
      assert.equal(classOf(text), "never", text);
  });

  test("other schemes, names and passwords, zone ids, odd ports and metadata names are refused", () => {
    for (const url of [
      "file:///etc/passwd",
      "ftp://example.com/",
      "gopher://example.com/",
      "data:text/plain,x",
      "javascript:1",
      "ws://example.com",
      "http://user@example.com/",
      "http://:secret@example.com/",
      "http://example.com@127.0.0.1/",
      "http://example.com%40127.0.0.1/",
      "http://127.0.0.1\\@example.com/",
      "http://[fe80::1%25eth0]/",
      "http://[::1]/",
      "http://[::]/",
      "http://example.com:22/",
      "http://example.com:25/",
      "http://example.com:6000/",
      "http://metadata.google.internal/computeMetadata/v1/",
      "http://METADATA.google.internal./",
      "http://metadata/",
      "http://0/",
      "http://0x7f.1/",
      "http://017700000001/",
      "http://2130706433/",
      "http://127.1/",
      "http://127.0.0.1../",
      "http://①②⑦.⓪.⓪.①/",
      "http:127.0.0.1",
      "http:/\\127.0.0.1",
      "\thttp://\n127.0.0.1",
      "//example.com/",
      "example.com",
      "http://",
      "http://./",
      "http://exa mple.com/",
      "",
      `http://example.com/${"x".repeat(9_000)}`,
    ])
      assert.ok(refuses(url), url);
  });

  test("ordinary pages pass, whatever their spelling", () => {
    for (const [url, host] of [
      ["https://example.com/a?b=c#d", "example.com"],
      ["HTTPS://EXAMPLE.com./", "example.com"],
      ["http://bücher.example:8080/", "xn--bcher-kva.example"],
      ["https://[2606:4700:4700::1111]/", "2606:4700:4700::1111"],
      ["http://example.com:80/@user", "example.com"],
    ] as const)
      assert.equal(hostOf(targetOf(url, null, nobody)), host);
  });

  test("no text makes it throw anything but a refusal, and what passes is no closed address", () => {
    const pieces = fc.constantFrom(
      "http://",
      "127.0.0.1",
      "[::1]",
      "@",
      "%",
      "\\",
      "/",
      "#",
      "?",
      ":80",
      "localhost",
      ".",
      "０",
      "\u00ad",
    );
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.array(pieces).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (url) => {
        if (refuses(url)) return;
        const host = hostOf(targetOf(url, null, nobody));
        assert.ok(!/^[\d.]+$|:/.test(host) || classOf(host) === "public", host);
      }),
      { numRuns: 500 },
    );
  });
});

suite("address guard: the team's own hosts", () => {
  test("names, domains, addresses and networks open what they name, and nothing opens metadata", () => {
    const some = allowing(["wiki.corp.lan", "*.dev.lan", "10.1.0.0/16", "192.168.7.7", "fd12::/16"]);
    assert.ok(some.permits("wiki.corp.lan", "10.9.9.9"));
    assert.ok(!some.permits("other.corp.lan", "10.9.9.9"));
    assert.ok(some.permits("a.b.dev.lan", "172.16.0.9"));
    assert.ok(!some.permits("dev.lan", "172.16.0.9") && !some.permits("evildev.lan", "172.16.0.9"));
    assert.ok(some.permits("any", "10.1.255.1") && !some.permits("any", "10.2.0.1"));
    assert.ok(some.permits("any", "192.168.7.7") && !some.permits("any", "192.168.7.8"));
    assert.ok(some.permits("any", "fd12:9::1") && !some.permits("any", "fd13::1"));
    assert.ok(some.permits("any", "8.8.8.8"));
    const all = allowing(["*"]);
    assert.ok(all.permits("any", "10.0.0.1") && all.permits("any", "100.64.0.1") && all.permits("any", "fd00::1"));
    assert.ok(!all.permits("localhost", "127.0.0.1"), "this machine only by name");
    assert.ok(allowing(["localhost"]).permits("localhost", "127.0.0.1"));
    for (const each of ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "::ffff:10.1.0.1", "0.0.0.0", "224.0.0.1"])
      assert.ok(!allowing(["*", "any", each, "0.0.0.0/0", "::/0"]).permits("any", each), each);
  });
});
