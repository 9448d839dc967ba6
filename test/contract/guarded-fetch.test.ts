import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Failure, type FailureCode } from "../../src/core/failures.ts";
import { allowing } from "../../src/sandbox/guard/allowance.ts";
import { type FetchOptions, guardedFetch } from "../../src/sandbox/guard/fetch.ts";
import { type Answer, openSite } from "../doubles/web-site.ts";

const nobody = allowing([]);

suite("address guard: fetching", () => {
  test("a name is looked up once for a connection, and the checked address is the one dialled", async () => {
    await using site = await openSite((_request, response) => response.end("hello"));
    await using trap = await openSite((_request, response) => response.end("trap"), "127.0.0.2");
    const looked: string[] = [];
    // The second answer is what a rebinding server gives once it thinks that it has been checked.
    const resolve = async (host: string) => (looked.push(host) === 1 ? ["127.0.0.1"] : ["127.0.0.2"]);
    const page = await fetched(`http://rebind.test:${site.port}/`, { resolve, allowance: allowing(["127.0.0.1"]) });
    assert.equal(Buffer.from(page.body).toString(), "hello");
    assert.deepEqual(looked, ["rebind.test"]);
    assert.equal(site.asked[0]?.headers.host, `rebind.test:${site.port}`);
    assert.equal(trap.asked.length, 0);
  });

  test("a name that leads to a closed address is refused, also among open ones, and nothing is dialled", async () => {
    await using site = await openSite((_request, response) => response.end("secret"));
    for (const answer of [
      ["127.0.0.1"],
      ["93.184.216.34", "127.0.0.1"],
      ["127.0.0.1", "93.184.216.34"],
      ["::1"],
      ["::ffff:127.0.0.1"],
      ["nonsense"],
    ])
      await fails(`http://inner.test:${site.port}/`, "web.refused", /inner\.test was not asked.*security\.allow_private_urls/, {
        resolve: async () => answer,
      });
    await fails(`http://inner.test:${site.port}/`, "web.failed", /no host inner\.test/, { resolve: async () => [] });
    await fails(`http://localhost:${site.port}/`, "web.refused", /localhost was not asked/);
    assert.equal(site.asked.length, 0);
  });

  test("the refusal does not tell where a name leads", async () => {
    const error = await failure("http://inner.test/", { resolve: async () => ["10.20.30.40"] });
    assert.ok(!error.message.includes("10.20"), error.message);
  });

  test("each redirect is checked like a first request", async () => {
    const targets = [
      "http://127.0.0.2:PORT/",
      "http://169.254.169.254/latest/",
      "file:///etc/passwd",
      "//2130706434:PORT/",
      "http://me@open.test/",
      "http://inner.test/",
    ];
    await using trap = await openSite((_request, response) => response.end("trap"), "127.0.0.2");
    for (const target of targets) {
      await using site = await openSite((_request, response) => redirect(response, target.replace("PORT", String(trap.port))));
      await fails(`http://open.test:${site.port}/`, "web.refused", /was not (asked|read)|address/, {
        allowance: allowing(["open.test"]),
        resolve: async () => ["127.0.0.1"],
      });
      assert.equal(site.asked.length, 1, target);
    }
    assert.equal(trap.asked.length, 0);
  });

  test("redirects are followed, relative ones too, but not in circles", async () => {
    await using site = await openSite((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end("there");
      else redirect(response, left > 100 ? `/${left}` : `${left - 1}`);
    });
    const page = await fetched(`${site.url}/5`, here);
    assert.equal(page.url, `${site.url}/0`);
    assert.equal(Buffer.from(page.body).toString(), "there");
    await fails(`${site.url}/6`, "web.failed", /redirects more than 5 times/, here);
    await fails(`${site.url}/999`, "web.failed", /redirects more than 5 times/, here);
  });

  test("keys go to the first origin alone, and a request with a body is not sent on", async () => {
    await using other = await openSite((_request, response) => response.end("other"));
    await using site = await openSite((_request, response) => redirect(response, other.url));
    await fetched(site.url, { ...here, headers: { "x-key": "k" } });
    assert.equal(site.asked[0]?.headers["x-key"], "k");
    assert.equal(other.asked[0]?.headers["x-key"], undefined);
    await fails(site.url, "web.refused", /sends requests elsewhere/, { ...here, method: "POST", body: "{}" });
    assert.equal(other.asked.length, 1);
  });

  test("packed bodies are unpacked and counted unpacked: a bomb is given up at the limit", async () => {
    const text = "a page, ".repeat(1_000);
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const answers: Record<string, readonly [string, Buffer]> = {
      "/gzip": ["gzip", gzipSync(text)],
      "/br": ["br", brotliCompressSync(text)],
      "/bomb": ["gzip", bomb],
      "/half": ["gzip", gzipSync(text).subarray(0, 30)],
      "/twice": ["gzip, gzip", gzipSync(bomb)],
    };
    await using site = await openSite((request, response) => {
      const [encoding, body] = answers[request.url ?? ""] ?? ["", Buffer.alloc(0)];
      response.setHeader("content-encoding", encoding).end(body);
    });
    for (const path of ["/gzip", "/br"]) assert.equal(Buffer.from((await fetched(site.url + path, here)).body).toString(), text);
    const before = process.memoryUsage().arrayBuffers;
    await fails(`${site.url}/bomb`, "web.failed", /larger than the 1 MB/, here);
    assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 1024 * 1024);
    await fails(`${site.url}/half`, "web.failed", /can't be unpacked/, here);
    await fails(`${site.url}/twice`, "web.failed", /can't be unpacked here \(gzip, gzip\)/, here);
  });

  test("what says that it is too large is not begun; what does not say is given up", async () => {
    await using site = await openSite((request, response) => {
      if (request.url === "/told") response.setHeader("content-length", 5_000_000);
      const flood = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once("drain", flood);
      };
      flood();
    });
    await fails(`${site.url}/told`, "web.failed", /larger than the 1 MB/, here);
    await fails(`${site.url}/untold`, "web.failed", /larger than the 1 MB/, here);
  });

  test("silence and slowness end: before the headers, between two bytes, and byte by byte", async () => {
    await using site = await openSite((request, response) => {
      if (request.url === "/mute") return;
      response.write("x");
      if (request.url === "/drip") setInterval(() => response.write("x"), 20).unref();
    });
    const brief = { ...here, idleMs: 150, totalMs: 600 };
    await fails(`${site.url}/mute`, "web.failed", /nothing for 0\.15 s/, brief);
    await fails(`${site.url}/stall`, "web.failed", /nothing for 0\.15 s/, brief);
    await fails(`${site.url}/drip`, "web.failed", /longer than 0\.6 s/, brief);
    await fails("http://slow.test/", "web.failed", /slow\.test: It sent nothing/, {
      ...brief,
      resolve: () => new Promise(() => undefined),
    });
  });

  test("an abort ends it with its own reason", async () => {
    await using site = await openSite(() => control.abort(new Error("stopped")));
    const control = new AbortController();
    await assert.rejects(fetched(site.url, { ...here, signal: control.signal }), /^Error: stopped$/);
    await assert.rejects(fetched(site.url, { ...here, signal: control.signal }), /^Error: stopped$/);
    assert.equal(site.asked.length, 1);
  });

  test("a content type can be refused before its bytes come, and trouble on the way is said in words", async () => {
    await using site = await openSite((request, response) => {
      if (request.url === "/cut") request.socket.destroy();
      else response.setHeader("content-type", "video/mp4").end(Buffer.alloc(10));
    });
    const refuse = (type: string): number => {
      throw new Failure("web.refused", `It is ${type}.`);
    };
    await fails(`${site.url}/`, "web.refused", /^127\.0\.0\.1: It is video\/mp4\.$/, { ...here, limit: refuse });
    await fails(`${site.url}/cut`, "web.failed", /closed the connection/, here);
    const { port } = site;
    await site[Symbol.asyncDispose]();
    await fails(`http://127.0.0.1:${port}/`, "web.failed", /nothing listens there/, here);
    await fails("http://absent.invalid/", "web.failed", /no such host|can't be looked up/);
  });
});

/** Loopback, where the tests' servers are. */
const here: Partial<FetchOptions> = { allowance: allowing(["127.0.0.0/8"]) };

function fetched(url: string, options: Partial<FetchOptions> = {}) {
  const common = { allowance: nobody, signal: new AbortController().signal, limit: () => 1024 * 1024 };
  return guardedFetch(url, { ...common, ...options });
}

async function failure(url: string, options: Partial<FetchOptions> = {}): Promise<Failure> {
  try {
    await fetched(url, options);
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, String(thrown));
    return thrown;
  }
  return assert.fail(`${url} was read`);
}

async function fails(url: string, code: FailureCode, words: RegExp, options: Partial<FetchOptions> = {}): Promise<void> {
  const error = await failure(url, options);
  assert.match(error.message, words);
  assert.equal(error.code, code, error.message);
}

function redirect(response: Parameters<Answer>[1], location: string): void {
  response.writeHead(302, { location }).end();
}
