import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** Who may reach what. Every answer carries the headers; every route but the probes needs the cookie. */
export interface GuardOptions {
  readonly host: string;
  readonly token: string;
  /** The port that is really listened on: cookies are shared by all ports of a host, so the cookie is named after it. */
  port(): number;
}

const cookieDays = 30;
const loopbackNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);
const wildcardHosts: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
const probePaths: ReadonlySet<string> = new Set(["/health", "/ready", "/metrics"]);

const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Puts the checks before every route, the missing ones too. */
export function addGuard(server: FastifyInstance, options: GuardOptions): void {
  const pass = digest(`page:${options.token}`).toString("hex");
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const path = request.url.split("?", 1)[0] ?? "";
    const isProbe = probePaths.has(path);
    // Beyond loopback a probe is asked under names that only the deployment knows.
    if (!hostAllowed(request.headers.host, options.host) && !(isProbe && !loopbackNames.has(options.host))) {
      return refuse(request, reply, 403, "This address is not served here; use the address that was printed at the start.");
    }
    if (isProbe) return undefined;
    if (!sameOrigin(request)) return refuse(request, reply, 403, "Another site may not do this.");
    const cookie = `hermes_${options.port()}`;
    if (same(readCookie(request, cookie), pass)) return undefined;
    if (path === "/" && same(new URLSearchParams(request.url.slice(path.length)).get("token"), options.token)) {
      const life = cookieDays * 24 * 60 * 60;
      reply.header("set-cookie", `${cookie}=${pass}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${life}`);
      return undefined;
    }
    return refuse(
      request,
      reply,
      401,
      "Please open this page with the full address that was printed at the start (it ends in ?token=…).",
    );
  });
}

/** Answers with one sentence, as a page or as JSON. */
export function refuse(request: FastifyRequest, reply: FastifyReply, status: number, message: string): FastifyReply {
  reply.code(status);
  if (request.url.startsWith("/api/")) return reply.send({ error: { message } });
  return reply
    .type("text/html; charset=utf-8")
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">` +
        `<meta name="viewport" content="width=device-width"><title>Hermes Team</title><p>${message}</p></html>`,
    );
}

/** A name that an attacker's DNS points here (rebinding) comes in the Host header; addresses can't be rebound. */
function hostAllowed(header: string | undefined, listening: string): boolean {
  const url = URL.parse(`http://${header ?? ""}`);
  if (!header || !url || url.host.length === 0 || /[/@?#\\]/.test(header)) return false;
  const name = url.hostname.replace(/^\[|\]$/g, "");
  return loopbackNames.has(name) || name === listening || (wildcardHosts.has(listening) && isIP(name) !== 0);
}

/** Ports don't count for SameSite: a page of another local server would be let in without this. */
function sameOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (request.method !== "GET" && request.method !== "HEAD" && origin !== undefined) return URL.parse(origin)?.host === host;
  const site = request.headers["sec-fetch-site"];
  const ownOrDirect = site === undefined || site === "same-origin" || site === "none";
  return ownOrDirect || !request.url.startsWith("/api/");
}

function readCookie(request: FastifyRequest, name: string): string | null {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name) return value ?? null;
  }
  return null;
}

function same(given: string | null, wanted: string): boolean {
  return given !== null && timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
