import { Failure } from "../core/failures.ts";

/** A server's base URL as the client wants it: with a scheme, without a trailing slash, without the endpoint's own path. */
export function tidyAddress(written: string): string {
  const trimmed = written.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  const url = URL.parse(whole);
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    throw new Failure("config.invalid", `model.base_url "${written}" is no web address`, {
      advice: "Write it like http://127.0.0.1:8080/v1.",
    });
  }
  url.hash = "";
  url.pathname = url.pathname
    .replace(/\/+$/, "")
    .replace(/\/(?:chat\/)?completions$/, "")
    .replace(/\/models$/, "");
  return url.toString().replace(/\/(?=\?|$)/, "");
}

/** The address with `/v1`, or null when it has a version already. */
export function versioned(address: string): string | null {
  const url = new URL(address);
  if (/\/v\d+\w*$/.test(url.pathname)) return null;
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1`;
  return url.toString();
}

/** Where a server's own endpoints are: the address without its version and query (`http://host/llama/v1` has them below `http://host/llama`). */
export function rootOf(address: string): string {
  const url = new URL(address);
  url.search = "";
  url.pathname = url.pathname.replace(/\/v\d+\w*$/, "");
  return url.toString().replace(/\/$/, "");
}

/** A model's name for people: a file's without its folders and ending. */
export function shownModel(name: string): string {
  if (!/\.gguf$/i.test(name) && !/^(?:\.{0,2}\/|[a-z]:\\)/i.test(name)) return name;
  const base = name.split(/[\\/]/).findLast((part) => part !== "") ?? name;
  return base.replace(/\.gguf$/i, "");
}

/** The address for people: without credentials. */
export function shownAddress(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.toString().replace(/\/$/, "");
}
