import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { modelServerWith } from "../../doubles/model-server.ts";
import { freshHome, type Process, startHermes } from "../../flow/service.ts";
import type { Driver } from "./driver.ts";
import { type Scenario, type Scene, scenarios, storyteller } from "./scenarios.ts";

/** Of the service, when a scenario fails. */
const loggedLines = 12;

/** What a platform's own tests work with. */
export interface Own<Platform extends Driver> extends Scene {
  readonly driver: Platform;
}

/**
 * Walks the list with one service of a platform's; those that the platform lacks are proven to be lacking. `also` adds what only this
 * platform has: its tests run after the list, with the same service.
 */
export function walk<Platform extends Driver>(
  name: string,
  open: () => Promise<Platform>,
  also: (scene: () => Own<Platform>) => void = () => undefined,
): void {
  suite(`${name}, as every platform`, () => {
    const stack = new AsyncDisposableStack();
    const running = { scene: null as Own<Platform> | null, hermes: null as Process | null };
    before(async () => {
      const driver = stack.use(await open());
      const known = new Set(scenarios.map((each) => each.name));
      assert.deepEqual(
        Object.keys(driver.lacks).filter((each) => !known.has(each)),
        [],
      );
      const { answer, goOn } = storyteller();
      const model = stack.use(await modelServerWith({ strict: false }, answer));
      const home = stack.use(await freshHome());
      await writeFile(join(home.path, "config.yaml"), "terminal: {backend: local}\napprovals: {approvers: member}\n");
      const start = async () => {
        const env = { OPENAI_BASE_URL: model.url, ...driver.env };
        running.hermes = stack.use(startHermes({ mode: "start", home: home.path, env }));
        await driver.connected(running.hermes);
      };
      const kill = async () => void (await running.hermes?.kill("SIGKILL"));
      await start();
      running.scene = { driver, model, kill, start, goOn };
    });
    after(async () => {
      const code = await running.hermes?.kill("SIGTERM");
      await stack.disposeAsync();
      assert.equal(code, 0);
    });
    const scene = () => running.scene ?? assert.fail("the service has not started");
    const play = async (t: TestContext, scenario: Scenario) => {
      const { driver } = scene();
      const lack = driver.lacks[scenario.name];
      if (lack) t.diagnostic(`${driver.platform} does not have this: ${lack.why}`);
      const run = lack ? lack.proof(driver) : scenario.run(scene());
      await run.catch((error: unknown) => {
        const log = running.hermes?.output().split("\n").slice(-loggedLines).join("\n");
        throw new Error(`${String(error)}\nthe service: ${log ?? "has not started"}`, { cause: error });
      });
    };
    const from = scenarios.findIndex(({ name: each }) => each === "restart");
    const together = async (t: TestContext, list: readonly Scenario[]) => {
      const atOnce = running.scene?.driver.alone !== true;
      const ended: Promise<void>[] = [];
      for (const each of list) {
        const test = t.test(each.name, async (own) => await play(own, each));
        if (atOnce) ended.push(test);
        else await test;
      }
      await Promise.all(ended);
    };
    test("answers that are watched", { concurrency: true }, async (t) => await together(t, scenarios.slice(0, from)));
    test("a restart", async (t) => await together(t, scenarios.slice(from, from + 1)));
    test("all else", { concurrency: true }, async (t) => await together(t, scenarios.slice(from + 1)));
    also(scene);
  });
}
