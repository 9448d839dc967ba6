import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Inbound } from "../../src/core/inbound.ts";
import { openRig, type PageRig, type RigOptions } from "./page-rig.ts";

/** A page in a real browser. */
export interface Opened {
  readonly rig: PageRig;
  readonly page: Page;
  /** Script errors and alerts. */
  readonly problems: string[];
}

const browserArgs =
  "--no-sandbox --disable-gpu --disable-background-networking --disable-dev-shm-usage --use-fake-device-for-media-stream --use-fake-ui-for-media-stream".split(
    " ",
  );

/** Starts a browser for the tests of a file, and gives the way to a page over a rig in it. */
export function inBrowser(): (t: TestContext, options?: RigOptions) => Promise<Opened> {
  const visit = visitor();
  return async (t, options = {}) => {
    const rig = await openRig(options);
    t.after(() => rig.close());
    return { rig, ...(await visit(t, rig.web.address() ?? "")) };
  };
}

/**
 * Starts a browser for the tests of a file; the result opens addresses in it, one after the other in the same tab: a tab of its own takes
 * half a second of the processor. Each has an address, and with it storage, of its own; cookies know no ports and are taken away.
 */
export function visitor(): (t: TestContext, address: string) => Promise<Omit<Opened, "rig">> {
  let browser: Browser;
  let profile: string;
  let page: Page;
  before(async () => {
    profile = await mkdtemp(join(tmpdir(), "hermes-page-"));
    browser = await chromium.launch({
      executablePath: process.env["HERMES_TEST_CHROMIUM"] ?? "/usr/bin/chromium",
      args: browserArgs,
      env: { ...process.env, HOME: profile },
    });
    page = await (await browser.newContext()).newPage();
  });
  after(async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  });
  return async (t, address) => {
    await page.context().clearCookies();
    await page.setViewportSize({ width: 900, height: 720 });
    const problems: string[] = [];
    t.after(() => void page.removeAllListeners());
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(address);
    return { page, problems };
  };
}

/** Writes in the page; the message's id. */
export async function ask(rig: PageRig, page: Page, text: string): Promise<string> {
  const arrived = rig.next("message");
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
  const inbound = await arrived;
  assert.equal(inbound.type, "message");
  return messageId(inbound);
}

export function messageId(inbound: Inbound): string {
  return inbound.type === "message" ? (inbound.messageId ?? "") : "";
}
