import { findProgram } from "./processes.ts";

/** Flags that a headless Chromium needs as root and without a network. */
export const chromiumFlags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] as const;

/** The full path of an installed Chromium or Chrome. */
export function chromiumPath(): string {
  const found =
    process.env["HERMES_TEST_CHROMIUM"] ?? findProgram("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  if (found === null) throw new Error("Chromium is missing: apt-get install chromium");
  return found;
}
