import { createHash, createHmac } from "node:crypto";

/** What a known_hosts file says of a host: its keys, by type; `revoked` ones never count. */
export interface KnownHost {
  readonly keys: readonly HostKey[];
  readonly revoked: readonly HostKey[];
}

/** A host key as OpenSSH writes it. */
export interface HostKey {
  /** `ssh-ed25519` and the like. */
  readonly type: string;
  readonly base64: string;
}

/** Reads a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain, listed, negated, wildcard and hashed names, and `@revoked`. */
export function knownHost(file: string, host: string, port: number): KnownHost {
  const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
  const keys: HostKey[] = [];
  const revoked: HostKey[] = [];
  for (const line of file.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") ? words.shift() : null;
    const [names, type, base64] = words;
    if (names === undefined || names.startsWith("#") || type === undefined || base64 === undefined) continue;
    if (!covers(names, name)) continue;
    if (marker === "@revoked") revoked.push({ type, base64 });
    else if (marker === null) keys.push({ type, base64 });
  }
  return { keys, revoked };
}

/** A key's fingerprint as `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** Algorithms by which a server can prove these keys: it must not be let choose one of a type that is not known. */
export function algorithmsOf(keys: readonly HostKey[]): readonly string[] {
  const rsa = ["rsa-sha2-512", "rsa-sha2-256"];
  return [...new Set(keys.flatMap(({ type }) => (type === "ssh-rsa" ? rsa : [type])))];
}

function covers(names: string, name: string): boolean {
  if (names.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = names.split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  let covered = false;
  for (const pattern of names.toLowerCase().split(",")) {
    if (pattern.startsWith("!")) {
      if (matches(pattern.slice(1), name)) return false;
    } else covered ||= matches(pattern, name);
  }
  return covered;
}

function matches(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
