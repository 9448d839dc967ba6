import { openPage } from "../flow/page-client.ts";
import { freshHome, startHermes } from "../flow/service.ts";
import { announce, since } from "./processes.ts";

/**
 * One service, started, asked and ended in an orderly way: only such an end keeps its compiled code for the next start, and nearly all
 * services of tests are killed. It also makes the record that theirs are copies of.
 */
export async function warmUp(): Promise<void> {
  const start = Date.now();
  await using home = await freshHome();
  await using hermes = startHermes({ mode: "start", home: home.path, env: {} });
  try {
    const page = await openPage((await hermes.printed(/Open (http:\S+)/))[1] ?? "");
    await page.ask("hello"); // There is no model server: the demonstration answers.
    await hermes.kill("SIGTERM");
    announce(`Hermes: its code is compiled (${since(start)})`);
  } catch (thrown) {
    // The tests will say what is wrong with it.
    announce(`Hermes: did not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}
